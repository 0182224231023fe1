import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { unzipSync } from 'fflate';
import { parseEvidence } from '../../../aggregate-job/proof/evidence.ts';
import { type Trade, writeRows } from '../chunks.ts';
import { bars, build, type Lake, openLake, SYMBOL } from '../lake.ts';

const DAYS = ['2024-07-17', '2024-07-18', '2024-07-19', '2024-07-20'] as const;
const [BEFORE, TODAY, AFTER, LATER] = DAYS;

/** Trades with these ids, spread evenly over a day. */
function tradesOf(date: string, ids: number[]): Trade[] {
  const start = Date.parse(`${date}T00:00:00Z`);
  return ids.map((id, i) => ({
    T: start + Math.floor(((i + 0.5) * 86_400_000) / ids.length),
    price: `${100 + id}.5`,
    quantity: '1',
    maker: false,
    id,
    first: id,
    last: id,
  }));
}

let lake: Lake;
beforeEach(async () => {
  lake = await openLake();
});
afterEach(() => lake.remove());

const write = (date: string, ids: number[], writer = 'a'): Promise<void> =>
  writeRows(lake.store, SYMBOL, writer, { trades: tradesOf(date, ids) });
/** The values of a column of the 1m bars, `value x how often` for each stretch of equal ones. */
async function runs(date: string, column: string): Promise<string[]> {
  const stretches: { value: string; bars: number }[] = [];
  for (const bar of await bars(lake, date)) {
    const [last, value] = [stretches.at(-1), bar[column] ?? ''];
    if (last?.value === value) last.bars++;
    else stretches.push({ value, bars: 1 });
  }
  return stretches.map((stretch) => `${stretch.value} x ${stretch.bars}`);
}

describe('the ends of a day', () => {
  it('are not proven by a day alone', async () => {
    await write(TODAY, [10, 11]);
    const manifest = await build(lake, { date: TODAY });
    expect(manifest).toMatchObject({
      verdict: 'partial',
      proof: 'none',
      reasons: ['the first trade id of the day is not known', 'the last trade id of the day is not known'],
      seed: { close: null, source: null },
      trades: { first_id: 10, last_id: 11, expected_first_id: null, expected_last_id: null, missing: [] },
    });
    expect(await runs(TODAY, 'trades_complete')).toEqual(['false x 361', 'true x 719', 'false x 360']);
    expect((await runs(TODAY, 'close'))[0]).toBe(' x 360');
  });

  it('are proven by the day before, built, and the day after, still raw', async () => {
    await write(BEFORE, [8, 9]);
    await write(TODAY, [10, 11]);
    await write(AFTER, [12, 13]);
    await build(lake, { date: BEFORE });
    const manifest = await build(lake, { date: TODAY });
    expect(manifest).toMatchObject({
      verdict: 'complete',
      proof: 'neighbours',
      reasons: [],
      seed: { close: '109.5', source: 'manifest' },
      trades: { expected_first_id: 10, expected_last_id: 11 },
    });
    expect(await runs(TODAY, 'trades_complete')).toEqual(['true x 1440']);
    expect((await runs(TODAY, 'close'))[0]).toBe('109.5 x 360');
  });

  it('are proven by the days around it when both are built', async () => {
    await write(BEFORE, [8, 9]);
    await write(AFTER, [12, 13]);
    await build(lake, { date: BEFORE });
    await build(lake, { date: AFTER });
    await write(TODAY, [10, 11]);
    expect(await build(lake, { date: TODAY })).toMatchObject({ verdict: 'complete', proof: 'neighbours' });
  });

  it('are missing where the day before is proven to reach further', async () => {
    await write(BEFORE, [8, 9]);
    await write(TODAY, [10]);
    await build(lake, { date: BEFORE }); // proven to end with 9
    await write(TODAY, [13, 14], 'b');
    const { store } = lake;
    for await (const { name, generation } of store.list(`raw/${SYMBOL}/${TODAY}/trades/`))
      if (name.includes('_a_')) await store.remove(name, generation);
    await write(AFTER, [15]);
    expect(await build(lake, { date: TODAY })).toMatchObject({
      verdict: 'partial',
      reasons: ['3 trade ids are missing in 1 ranges'],
      trades: { expected_first_id: 10, expected_last_id: 14, missing: [[10, 12]] },
    });
    expect(await runs(TODAY, 'trades_complete')).toEqual(['false x 361', 'true x 1079']);
  });

  it('of a day without trades are proven when its neighbours’ ids touch', async () => {
    await write(BEFORE, [8, 9]);
    await build(lake, { date: BEFORE });
    await writeRows(lake.store, SYMBOL, 'a', {
      depth: [{ T: Date.parse(`${TODAY}T12:00:00Z`), u: 1, bids: [['1', '1']], asks: [['2', '1']] }],
    });
    await write(AFTER, [10]);
    expect(await build(lake, { date: TODAY })).toMatchObject({
      verdict: 'complete',
      proof: 'neighbours',
      close: '109.5',
      trades: { rows: 0, first_id: null, missing: [] },
      depth: { snapshots: 1 },
    });
    expect(await runs(TODAY, 'trades_complete')).toEqual(['true x 1440']);
    expect(await runs(TODAY, 'close')).toEqual(['109.5 x 1440']);
  });

  it('stay proven when the days around it are gone: the proof is in the zip', async () => {
    for (const [i, date] of DAYS.entries()) await write(date, [10 + 2 * i, 11 + 2 * i]);
    for (const date of DAYS) await build(lake, { date });
    const stored = await lake.store.read(`archive/${SYMBOL}/${TODAY}_raw.zip`);
    const entry = unzipSync(stored?.bytes ?? Buffer.alloc(0))['evidence.json'];
    expect(parseEvidence(Buffer.from(entry ?? '').toString())).toEqual({
      schema_version: 1,
      seed: { close: '111.5', source: 'manifest' },
      expected_first: { id: 12, source: 'neighbours' },
      expected_last: { id: 13, source: 'neighbours' },
      klines: null,
    });
    const manifest = await build(lake, { date: TODAY });
    for (const prefix of [BEFORE, AFTER, LATER].flatMap((date) => [
      `aggregated/${SYMBOL}/${date}`,
      `archive/${SYMBOL}/${date}`,
    ]))
      for await (const { name, generation } of lake.store.list(prefix))
        await lake.store.remove(name, generation);
    expect(await build(lake, { date: TODAY })).toEqual(manifest);
  });

  it('are proven later, by a day that came later', async () => {
    await write(BEFORE, [8, 9]);
    await build(lake, { date: BEFORE });
    await write(TODAY, [10, 11]);
    expect(await build(lake, { date: TODAY })).toMatchObject({
      verdict: 'partial',
      proof: 'none',
      trades: { expected_first_id: 10 },
    });
    await write(AFTER, [12]);
    expect(await build(lake, { date: TODAY })).toMatchObject({ verdict: 'complete', proof: 'neighbours' });
  });

  it('are proven by a built day after although some of its late chunks are raw again', async () => {
    await write(BEFORE, [8, 9]);
    await build(lake, { date: BEFORE });
    await write(AFTER, [12, 13]);
    await build(lake, { date: AFTER });
    await write(AFTER, [13], 'b');
    await write(TODAY, [10, 11]);
    expect(await build(lake, { date: TODAY })).toMatchObject({ trades: { expected_last_id: 11 } });
  });
});
