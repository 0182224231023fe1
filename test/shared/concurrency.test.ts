import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createLimit, mapAll, mapInOrder } from '../../shared/concurrency.ts';

/** Work that ends when the test says so, and counts what is under way. */
function controlledWork() {
  const ends = new Map<number, { resolve(): void; reject(error: Error): void }>();
  let running = 0;
  let most = 0;
  const work = (item: number): Promise<string> => {
    most = Math.max(most, ++running);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    ends.set(item, { resolve, reject });
    return promise.then(() => `done ${item}`).finally(() => running--);
  };
  return { work, ends, running: () => running, most: () => most };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('mapInOrder', () => {
  it('gives the results in the items’ order, whatever ends first, and never exceeds the limit', async () => {
    const inputs = fc.tuple(fc.array(fc.nat()), fc.integer({ min: 1, max: 8 }), fc.scheduler());
    await fc.assert(
      fc.asyncProperty(inputs, async ([items, limit, scheduler]) => {
        let running = 0;
        let most = 0;
        const all = mapAll(items, limit, async (item) => {
          most = Math.max(most, ++running);
          await scheduler.schedule(Promise.resolve());
          running--;
          return item * 2;
        });
        expect(await scheduler.waitFor(all)).toEqual(items.map((item) => item * 2));
        expect(most).toBe(Math.min(limit, items.length));
      }),
    );
  });

  it('starts no more while nobody takes the results', async () => {
    const { work, ends, running } = controlledWork();
    const results = mapInOrder([1, 2, 3, 4, 5, 6], 3, work);
    const first = results.next();
    ends.get(1)?.resolve();
    expect((await first).value).toBe('done 1');
    ends.get(2)?.resolve();
    ends.get(3)?.resolve();
    await settle();
    expect([...ends.keys()]).toEqual([1, 2, 3]);
    expect(running()).toBe(0);
  });

  it('throws a failure in its turn, after the running items have ended, and starts no others', async () => {
    const { work, ends, running, most } = controlledWork();
    const all = mapAll([1, 2, 3, 4, 5], 3, work);
    let ended = false;
    const outcome = all.then(
      () => undefined,
      (error: unknown) => {
        ended = true;
        return error;
      },
    );
    ends.get(2)?.reject(new Error('second failed'));
    ends.get(1)?.resolve();
    await settle();
    expect(ended).toBe(false);
    for (const item of ends.values()) item.resolve();
    expect(await outcome).toEqual(new Error('second failed'));
    expect(running()).toBe(0);
    expect([...ends.keys()]).toEqual([1, 2, 3, 4]);
    expect(most()).toBe(3);
  });

  it('lets the running items end when the reader stops early', async () => {
    const { work, ends, running } = controlledWork();
    const results = mapInOrder([1, 2, 3], 2, work);
    const first = results.next();
    ends.get(1)?.resolve();
    await first;
    const stopped = results.return(undefined);
    ends.get(2)?.resolve();
    await stopped;
    expect(running()).toBe(0);
    expect(ends.has(3)).toBe(false);
  });
});

describe('a limit', () => {
  it('lets work in by its turn, whoever brings it, never more at once, and an error makes room too', async () => {
    const inputs = fc.tuple(fc.array(fc.boolean()), fc.integer({ min: 1, max: 4 }), fc.scheduler());
    await fc.assert(
      fc.asyncProperty(inputs, async ([failures, limit, scheduler]) => {
        const limited = createLimit(limit);
        const begun: number[] = [];
        let [running, most] = [0, 0];
        const works = failures.map((fails, i) =>
          limited(async () => {
            begun.push(i);
            most = Math.max(most, ++running);
            await scheduler.schedule(Promise.resolve());
            running--;
            if (fails) throw new Error(`work ${i}`);
            return i;
          }),
        );
        const ends = await scheduler.waitFor(Promise.allSettled(works));
        expect(ends.map(({ status }) => status === 'rejected')).toEqual(failures);
        expect(begun).toEqual(failures.map((_, i) => i));
        expect(most).toBe(Math.min(limit, failures.length));
      }),
    );
  });
});
