// Which of several rows with one id counts, wherever they stand: the repair writer's, then that of the smallest writer name.

import { describe, expect, it } from '@jest/globals';
import { MemoryStore } from '../../shared/store/memory-store.ts';
import { chunkBytes, type Trade, tradeLine } from '../chunks.ts';
import { barsIn, manifestIn, runDay } from '../job.ts';
import { DATE, DAY_START, SYMBOL } from '../market-day.ts';

/** By writer; `A` stands for writer a's second row. */
const PRICES: Record<string, string> = { A: '9', repair: '1', a: '2', 'a-1': '3', b: '4' };
const WINDOW_MS = 900_000;

/** The trade of id 7 as the writer saw it. */
const seenBy = (writer: string, T: number): Trade => ({
  T: DAY_START + T,
  price: PRICES[writer] ?? '',
  quantity: '1',
  maker: true,
  id: 7,
  first: 7,
  last: 7,
});

/** Chunks of these writers, in this order of their names; `apart` puts each trade into a quarter of an hour of its own. */
async function priceOf(writers: string[], apart: boolean): Promise<string | undefined> {
  const objects = writers.map((writer, i): [string, Buffer] => {
    const minute = apart ? 15 * i : i;
    const time = `${String(Math.floor(minute / 60)).padStart(2, '0')}-${String(minute % 60).padStart(2, '0')}`;
    const lines = [tradeLine(seenBy(writer, apart ? i * WINDOW_MS : 0))];
    return [
      `raw/${SYMBOL}/${DATE}/trades/${time}_${writer.toLowerCase()}_0.csv.gz`,
      chunkBytes('trades', lines),
    ];
  });
  const store = new MemoryStore(new Map(objects));
  await runDay({ store });
  expect(manifestIn(store.objects).trades).toMatchObject({
    rows: 1,
    duplicates: 0,
    conflicts: writers.length - 1,
  });
  return barsIn(store.objects).trimEnd().split('\n').at(-1)?.split(',')[4];
}

describe.each([
  ['in one quarter of an hour', false],
  ['in several', true],
])('of rows that contradict each other %s', (_, apart) => {
  it.each([
    ['a', ['a', 'b']],
    ['a', ['b', 'a']],
    ['a', ['b', 'a-1', 'a']],
    ['a-1', ['a-1', 'b']],
    ['a-1', ['b', 'a-1']],
    ['repair', ['a', 'b', 'repair']],
    ['repair', ['repair', 'a']],
    ['a', ['a', 'A']],
    ['A', ['A', 'a', 'b']],
  ])('that of %s counts among %j', async (winner, writers) => {
    expect(await priceOf(writers, apart)).toBe(PRICES[winner]);
  });
});
