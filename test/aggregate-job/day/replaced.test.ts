// What may stand in the place of a day that is done, and what lies beside it afterwards.

import { describe, expect, it } from '@jest/globals';
import { archiveObjectName, barsObjectName, manifestObjectName } from '../../../shared/lake/object-names.ts';
import { HOUR_MS } from '../../../shared/time.ts';
import { MemoryStore } from '../../shared/store/memory-store.ts';
import { archivedTexts } from '../archived-rows.ts';
import { chunkBytes, type Snapshot, type Trade, tradeLine } from '../chunks.ts';
import { manifestIn, namesIn, resultsIn, runDay } from '../job.ts';
import { bookOfDay, DATE, DAY_START, quietMarket, recorded, SYMBOL, tradesOfDay } from '../market-day.ts';

const ZIP = archiveObjectName(SYMBOL, DATE);
const MANIFEST = manifestObjectName(SYMBOL, DATE);
const trades = tradesOfDay(quietMarket()).slice(0, 50);
/** In few quarters of an hour, each of which costs a build some milliseconds. */
const depth = bookOfDay().map((one, i) => ({ ...one, T: DAY_START + i * 5_000 }));
const later = (book: Snapshot[]): Snapshot[] =>
  book.map((one) => ({ ...one, T: one.T + 1_000, u: one.u + 1_000 }));

const add = (store: MemoryStore, objects: Map<string, Buffer>): void => {
  for (const [name, bytes] of objects) store.objects.set(name, bytes);
};
async function built(objects: Map<string, Buffer>, keepRaw = false): Promise<MemoryStore> {
  const store = new MemoryStore(objects);
  expect((await runDay({ store, settings: { keepRaw } })).code).toBe(0);
  return store;
}
/** All objects as text: comparing buffers byte by byte takes seconds. */
const textsOf = ({ objects }: MemoryStore): [string, string][] =>
  [...objects].map(([name, bytes]) => [name, bytes.toString('latin1')]);
async function expectRefusal(store: MemoryStore, why: string): Promise<void> {
  const before = textsOf(store);
  const { code, log } = await runDay({ store });
  expect(log.map(({ message }) => message)).toContainEqual(expect.stringContaining(why));
  expect(code).toBe(1);
  expect(textsOf(store)).toEqual(before);
}

describe('snapshots of a day that is done', () => {
  const unknown =
    'refused, it would lose perhaps some of 288 snapshots, since the zip that held them is gone or another one';

  it('are not replaced by as many others where their zip is gone', async () => {
    const store = await built(recorded({ trades, depth }));
    store.objects.delete(ZIP);
    add(store, recorded({ trades, depth: later(depth), writer: 'b' }));
    await expectRefusal(store, unknown);
  });

  it('are not replaced by as many others where an older zip lies in the place of theirs', async () => {
    const store = await built(recorded({ trades, depth: depth.slice(0, 100) }));
    const older = store.objects.get(ZIP) ?? Buffer.alloc(0);
    add(store, recorded({ depth: depth.slice(100), writer: 'b' }));
    await runDay({ store });
    expect(manifestIn(store.objects).depth.snapshots).toBe(288);
    store.objects.set(ZIP, Buffer.from(older));
    add(store, recorded({ depth: later(depth).slice(100), writer: 'c' }));
    await expectRefusal(store, unknown);
  });

  it('are built again from the same chunks, though their zip is gone', async () => {
    const store = await built(recorded({ trades, depth }), true);
    const results = resultsIn(store.objects);
    store.objects.delete(ZIP);
    expect((await runDay({ store })).code).toBe(0);
    expect(resultsIn(store.objects)).toEqual(results);
  });

  it('are no loss to a day that had none', async () => {
    const store = await built(recorded({ trades }));
    store.objects.delete(ZIP);
    add(store, recorded({ trades, depth, writer: 'b' }));
    expect((await runDay({ store })).code).toBe(0);
    expect(manifestIn(store.objects).depth.snapshots).toBe(288);
  });
});

it('trades of a day whose ids began again are not replaced by as many others where their zip is gone', async () => {
  const tradesFrom = (id: number, T: number): Trade[] =>
    Array.from({ length: 5 }, (_, i) => ({
      T: T + i,
      price: '5',
      quantity: '1',
      maker: true,
      id: id + i,
      first: 1,
      last: 1,
    }));
  const relisted = (id: number) => [...tradesFrom(900, DAY_START), ...tradesFrom(id, DAY_START + HOUR_MS)];
  const store = await built(recorded({ trades: relisted(1) }));
  expect(manifestIn(store.objects).trades).toMatchObject({ rows: 10, first_id: 900, last_id: 5 });
  store.objects.delete(ZIP);
  add(store, recorded({ trades: relisted(11), writer: 'b' }));
  await expectRefusal(
    store,
    'refused, it would lose perhaps some of 10 trades, since the zip that held them is gone or another one',
  );
});

describe('a run that ended between zip and manifest', () => {
  it.each([false, true])('twice is finished by the next one, raw chunks kept: %s', async (keepRaw) => {
    const store = await built(recorded({ trades, depth: depth.slice(0, 100) }), keepRaw);
    const parts = [depth.slice(100, 150), depth.slice(150, 200), depth.slice(200)];
    const replace = store.replace.bind(store);
    store.replace = async (name, body, generation) => {
      if (name === MANIFEST) throw new Error('out of power');
      return replace(name, body, generation);
    };
    for (const [i, part] of parts.slice(0, 2).entries()) {
      add(store, recorded({ depth: part, writer: `late-${i}` }));
      expect((await runDay({ store, settings: { keepRaw } })).code).toBe(1);
    }
    store.replace = replace;
    add(store, recorded({ depth: parts[2] ?? [], writer: 'late-2' }));
    expect((await runDay({ store, settings: { keepRaw } })).code).toBe(0);
    expect(manifestIn(store.objects).depth.snapshots).toBe(288);
    const results = resultsIn(store.objects);
    expect((await runDay({ store, settings: { keepRaw } })).code).toBe(0);
    expect(resultsIn(store.objects)).toEqual(results);
  });

  it('or before it is as nothing to a day whose inputs are as they were', async () => {
    const store = await built(recorded({ trades, depth }), true);
    expect(archivedTexts(store.objects).has('earlier.csv')).toBe(false);
    await runDay({ store });
    expect(archivedTexts(store.objects).has('earlier.csv')).toBe(false);
  });
});

describe('files of a day that no manifest names', () => {
  const hours = { resolutions: [{ name: '1h', seconds: 3_600 }] };
  const HOURS = barsObjectName(SYMBOL, DATE, '1h');

  it('are built anew with the day', async () => {
    const store = new MemoryStore(recorded({ trades: trades.slice(0, 20), depth }));
    await runDay({ store, settings: hours });
    const before = store.objects.get(HOURS);
    store.objects.delete(MANIFEST); // as if the run had ended before it
    add(store, recorded({ trades: trades.slice(20), writer: 'b' }));
    expect((await runDay({ store })).code).toBe(0);
    const { outputs } = manifestIn(store.objects);
    expect(outputs.map(({ name }) => name)).toEqual([barsObjectName(SYMBOL, DATE, '1m'), HOURS]);
    expect(store.objects.get(HOURS)?.toString()).not.toBe(before?.toString());
    expect(namesIn(store.objects, 'aggregated/')).toEqual(
      [HOURS, barsObjectName(SYMBOL, DATE, '1m'), MANIFEST].sort(),
    );
  });

  it('that the manifest names and that are gone are made again', async () => {
    const store = new MemoryStore(recorded({ trades, depth }));
    await runDay({ store, settings: hours });
    const results = resultsIn(store.objects);
    store.objects.delete(HOURS);
    expect((await runDay({ store, settings: hours })).code).toBe(0);
    expect(resultsIn(store.objects)).toEqual(results);
    store.objects.delete(HOURS);
    expect((await runDay({ store })).code).toBe(0);
    expect(store.objects.get(HOURS)?.toString('latin1')).toBe(results[HOURS]);
  });

  it('and are none of ours stay as they are, and are told', async () => {
    const store = new MemoryStore(recorded({ trades, depth }));
    const notes = [barsObjectName(SYMBOL, DATE, '7s'), `aggregated/${SYMBOL}/${DATE}_notes.txt`];
    for (const name of notes) store.objects.set(name, Buffer.from('mine'));
    const { code, log } = await runDay({ store });
    expect(code).toBe(0);
    for (const name of notes) {
      expect(store.objects.get(name)?.toString()).toBe('mine');
      expect(log.map(({ message }) => message)).toContain(
        `${name} is not one of the day's files and stays as it is`,
      );
    }
  });

  it('are not replaced where another run writes them meanwhile', async () => {
    const store = await built(recorded({ trades, depth }));
    add(store, recorded({ depth: later(depth), writer: 'b' }));
    const list = store.list.bind(store);
    store.list = async function* (prefix) {
      yield* list(prefix);
      if (prefix.startsWith('raw/')) store.objects.set(HOURS, chunkBytes('trades', trades.map(tradeLine)));
    };
    const { code, log } = await runDay({ store, settings: hours });
    expect(code).toBe(1);
    expect(String(log.at(-1)?.['message'])).toContain(`write ${HOURS}: another run has written it`);
  });
});
