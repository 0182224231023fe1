// What the manifest tells of the book: gaps to the millisecond, seconds covered, and which copy of a snapshot counts.

import { describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../../shared/time.ts';
import { MemoryStore } from '../../shared/store/memory-store.ts';
import type { Snapshot } from '../chunks.ts';
import { barsIn, manifestIn, runDay } from '../job.ts';
import { DAY_START, recorded } from '../market-day.ts';

const WINDOW_MS = 900_000;
const at = (ms: number, levels: Partial<Snapshot> = {}): Snapshot => ({
  T: DAY_START + ms,
  u: ms,
  bids: [['1.5', '2']],
  asks: [['1.75', '3']],
  ...levels,
});
const steady = Array.from({ length: DAY_MS / 5_000 }, (_, i) => i * 5_000);

async function depthOf(snapshots: Snapshot[]) {
  const store = new MemoryStore(recorded({ depth: snapshots }));
  await runDay({ store });
  return manifestIn(store.objects).depth;
}
const time = (ms: number): string => new Date(DAY_START + ms).toISOString();

describe('gaps in the book', () => {
  it.each<[what: string, times: number[], gaps: [number, number][]]>([
    ['none where every 5 s have a snapshot', steady, []],
    ['within a quarter of an hour', [...steady.filter((ms) => ms !== 10_000), 9_999], [[9_999, 15_000]]],
    [
      'over the end of a quarter of an hour',
      steady.filter((ms) => ms !== WINDOW_MS && ms !== WINDOW_MS - 5_000),
      [[WINDOW_MS - 10_000, WINDOW_MS + 5_000]],
    ],
    [
      'of some quarters of an hour without a snapshot',
      steady.filter((ms) => ms < WINDOW_MS || ms > 3 * WINDOW_MS),
      [[WINDOW_MS - 5_000, 3 * WINDOW_MS + 5_000]],
    ],
    ['at the beginning of the day', steady.slice(2), [[0, 10_000]]],
    ['not at the beginning where it is 5 s', steady.slice(1), []],
    ['at the end of the day', [...steady.slice(0, -1), DAY_MS - 5_001], [[DAY_MS - 5_001, DAY_MS]]],
    [
      'two, one behind the other',
      [...steady.filter((ms) => ms < 100_000 || ms > 110_000), 105_001],
      [
        [95_000, 105_001],
        [105_001, 115_000],
      ],
    ],
  ])('%s', async (_, times, gaps) => {
    const { gaps: told } = await depthOf(times.toSorted((a, b) => a - b).map((ms) => at(ms)));
    expect(told).toEqual(gaps.map(([from, to]) => [time(from), time(to)]));
  });

  it('are those between snapshots with two sides', async () => {
    const snapshots = steady.map((ms) => at(ms, ms === 10_000 ? { asks: [] } : {}));
    expect(await depthOf(snapshots)).toMatchObject({ one_sided: 1, gaps: [[time(5_000), time(15_000)]] });
  });
});

describe('the seconds that the book covers', () => {
  it('are those with a snapshot of two sides, however many it has', async () => {
    const snapshots = [0, 500, 999, 1_000, 3_000, 4_000, DAY_MS - 1].map((ms) =>
      at(ms, ms === 4_000 ? { bids: [] } : {}),
    );
    expect(await depthOf(snapshots)).toMatchObject({ snapshots: 6, one_sided: 1, seconds_covered: 4 });
  });
});

describe('a snapshot that two writers saw', () => {
  it.each([
    ['a', 'b'],
    ['b', 'a'],
  ])('is that of the smaller name, also where writer %s stands before %s', async (first, second) => {
    const askOf = (writer: string): string => (writer === 'a' ? '1.75' : '2.75');
    const chunk = (writer: string, more: number) =>
      recorded({
        // the chunk's minute, and so its place among the chunks, is that of its first row
        depth: [at(more), at(60_000, { asks: [[askOf(writer), '3']] })],
        writer,
        chunkMinutes: 15,
      });
    const early = [...chunk(first, 30_000)].map(([name, bytes]): [string, Buffer] => [name, bytes]);
    const late = [...chunk(second, 70_000)].map(([name, bytes]): [string, Buffer] => [
      name.replace('00-00', '00-01'),
      bytes,
    ]);
    const store = new MemoryStore(new Map([...early, ...late]));
    await runDay({ store });
    expect(manifestIn(store.objects).depth).toMatchObject({ snapshots: 3, duplicates: 1 });
    expect(barsIn(store.objects).split('\n')[2]?.split(',')[11]).toBe('0.250000');
  });
});
