import { beforeEach, describe, expect, it } from '@jest/globals';
import { type LeaseContext, type Owner, withLease } from '../../../aggregate-job/plan/lease.ts';
import { leaseObjectName } from '../../../shared/lake/object-names.ts';
import { createLog } from '../../../shared/program/log.ts';
import { manualClock } from '../../shared/manual-clock.ts';
import { MemoryStore } from '../../shared/store/memory-store.ts';

const [SYMBOL, DATE] = ['BTCUSDT', '2024-07-18'];
const NAME = leaseObjectName(SYMBOL, DATE);
const START = Date.parse('2024-07-19T00:10:00Z');
const [ANNA, BERT]: [Owner, Owner] = [
  { host: 'anna', process: 1, task: '' },
  { host: 'bert', process: 1, task: '' },
];

let store: MemoryStore;
let clock: ReturnType<typeof manualClock>;
let logged: string[];
const log = createLog('test', { write: (line) => void logged.push(JSON.parse(line).message) });
beforeEach(() => {
  logged = [];
  store = new MemoryStore();
  clock = manualClock(START);
});

/** Work under the lease that ends when it is told to. */
function worker(owner: Owner, options: Partial<LeaseContext> = {}) {
  let end = (): void => {};
  let fail = (_error: Error): void => {};
  let started = false;
  const work = (): Promise<string> => {
    started = true;
    return new Promise<string>((resolve, reject) => {
      end = () => resolve(owner.host);
      fail = reject;
    });
  };
  const context = { results: store, owner, clock, isGone: () => false, log, ...options };
  const done = withLease(context, SYMBOL, DATE, work);
  done.catch(() => {});
  return { done, end: () => end(), fail: (error: Error) => fail(error), hasStarted: () => started };
}

const holder = (): string | undefined => {
  const text = store.objects.get(NAME)?.toString();
  const lease: { owner: Owner } | undefined = text === undefined ? undefined : JSON.parse(text);
  return lease?.owner.host;
};
const put = (text: string): void => void store.objects.set(NAME, Buffer.from(text));

describe('a lease', () => {
  it('is there while the work goes on, and gone with its result', async () => {
    const anna = worker(ANNA);
    await clock.advance(0);
    expect([anna.hasStarted(), holder()]).toEqual([true, 'anna']);
    anna.end();
    expect(await anna.done).toBe('anna');
    expect(holder()).toBeUndefined();
    expect(clock.sleepers()).toBe(0);
  });

  it('is gone also when the work fails, and the failure is told', async () => {
    const anna = worker(ANNA);
    await clock.advance(0);
    anna.fail(new Error('disk unplugged'));
    await expect(anna.done).rejects.toThrow('disk unplugged');
    expect(holder()).toBeUndefined();
  });

  it('lets nobody else begin, however long the work takes, and then the next', async () => {
    const anna = worker(ANNA);
    await clock.advance(0);
    const bert = worker(BERT);
    await clock.advance(20 * 60_000);
    expect([bert.hasStarted(), holder()]).toEqual([false, 'anna']);
    anna.end();
    await anna.done;
    await clock.advance(1_000);
    expect([bert.hasStarted(), holder()]).toEqual([true, 'bert']);
    bert.end();
    await bert.done;
  });

  it('of days and symbols keeps no other from being built', async () => {
    const anna = worker(ANNA);
    await clock.advance(0);
    const context = { results: store, owner: BERT, clock, isGone: () => false, log };
    expect(await withLease(context, SYMBOL, '2024-07-17', async () => 'other day')).toBe('other day');
    expect(await withLease(context, 'ETHUSDT', DATE, async () => 'other symbol')).toBe('other symbol');
    anna.end();
    await anna.done;
  });

  it('of one who no longer renews it runs out, not a moment before its time', async () => {
    put(JSON.stringify({ owner: ANNA, expires_at: new Date(START + 60_000).toISOString() }));
    const bert = worker(BERT);
    await clock.advance(59_999);
    expect(bert.hasStarted()).toBe(false);
    await clock.advance(1_000);
    expect([bert.hasStarted(), holder()]).toEqual([true, 'bert']);
    bert.end();
    await bert.done;
  });

  it('of one who is known to be gone is taken over at once', async () => {
    put(JSON.stringify({ owner: ANNA, expires_at: new Date(START + 60_000).toISOString() }));
    const bert = worker(BERT, { isGone: ({ host }) => host === 'anna' });
    await clock.advance(0);
    expect([bert.hasStarted(), holder()]).toEqual([true, 'bert']);
    bert.end();
    await bert.done;
  });

  it.each([
    '',
    '{',
    'null',
    '{"owner":null,"expires_at":"2024-07-19"}',
    '{"owner":{"process":1},"expires_at":"soon"}',
  ])('that cannot be read (%j) holds nothing', async (text) => {
    put(text);
    const bert = worker(BERT);
    await clock.advance(0);
    expect(holder()).toBe('bert');
    bert.end();
    await bert.done;
  });

  it.each([
    ['in the year 2099', '2099-01-01T00:00:00.000Z'],
    ['two hours from now', new Date(START + 7_200_000).toISOString()],
  ])(
    'that says it runs out %s is believed as long as a lease lasts, when nobody renews it',
    async (_, expires_at) => {
      put(JSON.stringify({ owner: ANNA, expires_at }));
      const bert = worker(BERT);
      await clock.advance(119_000);
      expect(bert.hasStarted()).toBe(false);
      await clock.advance(3_000);
      expect([bert.hasStarted(), holder()]).toEqual([true, 'bert']);
      bert.end();
      await bert.done;
    },
  );

  it('of one whose clock is hours ahead is waited for as long as it is renewed', async () => {
    const ahead = { ...clock, now: () => clock.now() + 7_200_000 };
    const anna = worker(ANNA, { clock: ahead });
    await clock.advance(0);
    const bert = worker(BERT);
    await clock.advance(20 * 60_000);
    expect([bert.hasStarted(), holder()]).toEqual([false, 'anna']);
    anna.end();
    await anna.done;
    await clock.advance(1_000);
    expect(holder()).toBe('bert');
    bert.end();
    await bert.done;
  });

  it('that is waited for is told once, by whom it is held', async () => {
    put(JSON.stringify({ owner: { ...ANNA, task: 'job-x1/3' }, expires_at: '2099-01-01T00:00:00.000Z' }));
    const bert = worker(BERT);
    await clock.advance(60_000);
    expect(logged).toEqual([
      expect.stringMatching(
        /^wait for BTCUSDT 2024-07-18: process 1 on anna \(job-x1\/3\) is at it, until 2099-01-01T00:00:00.000Z$/,
      ),
    ]);
    await clock.advance(120_000);
    expect(logged.slice(1)).toEqual([expect.stringMatching(/^take over BTCUSDT 2024-07-18 .*anna/)]);
    bert.end();
    await bert.done;
  });

  it('that another has taken over is neither renewed nor removed by its old holder', async () => {
    const anna = worker(ANNA);
    await clock.advance(0);
    put(JSON.stringify({ owner: BERT, expires_at: new Date(START + 600_000).toISOString() }));
    await clock.advance(300_000);
    expect(holder()).toBe('bert');
    anna.end();
    await anna.done;
    expect(holder()).toBe('bert');
  });

  it('is had by one of two that come for it at the same moment', async () => {
    put(JSON.stringify({ owner: ANNA, expires_at: new Date(START).toISOString() }));
    const both = [worker(ANNA), worker(BERT)];
    await clock.advance(5_000);
    expect(both.filter((one) => one.hasStarted())).toHaveLength(1);
    for (const one of both) {
      one.end();
      await clock.advance(5_000);
      one.end();
      await clock.advance(5_000);
    }
    for (const one of both.toReversed()) one.end();
    await Promise.all(both.map(({ done }) => done));
  });

  it('that the store forgets to renew once is renewed the next time', async () => {
    const anna = worker(ANNA);
    await clock.advance(0);
    const replace = store.replace.bind(store);
    store.replace = async () => {
      store.replace = replace;
      throw new Error('connection reset');
    };
    await clock.advance(600_000);
    const bert = worker(BERT);
    await clock.advance(5_000);
    expect([bert.hasStarted(), holder()]).toEqual([false, 'anna']);
    anna.end();
    await anna.done;
    await clock.advance(1_000);
    bert.end();
    await bert.done;
  });
});
