import { expect } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import type { Manifest } from '../../shared/lake/manifest.ts';
import { archivedIds, archivedTexts } from './archived-rows.ts';
import type { Trade } from './chunks.ts';
import { barsIn, manifestIn, type Objects } from './job.ts';

/** The trades of a day as they were, and the bars of a day on which all of them were recorded. */
export type Truth = { trades: Trade[]; bars: string };

/** The day says `complete` and is the truth: bars, archive and klines. */
export function expectWhole(objects: Objects, { trades, bars }: Truth): void {
  const { verdict, reasons, klines, trades: found } = manifestIn(objects);
  expect({ verdict, reasons, klines, missing: found.missing }).toEqual({
    verdict: 'complete',
    reasons: [],
    klines: { result: 'equal', compared: 1_440, differing: [] },
    missing: [],
  });
  expect(barsIn(objects)).toBe(bars);
  expect([...new Set(archivedIds(objects))].sort((a, b) => a - b)).toEqual(trades.map(({ id }) => id));
}

/** Whatever happened to the day, what its files claim is so. */
export function expectHonest(objects: Objects, { trades, bars }: Truth): Manifest {
  const manifest = manifestIn(objects);
  const { verdict, reasons, trades: found } = manifest;
  const held = new Set(archivedIds(objects));
  const absent = trades.filter(({ id }) => !held.has(id)).map(({ id }) => id);
  expect(found.rows).toBe(held.size);
  if (verdict === 'complete') expect(absent).toEqual([]);
  if (!reasons.some((reason) => reason.endsWith('is not known'))) {
    expect(idsOf(found.missing)).toEqual(absent);
    expect([found.expected_first_id, found.expected_last_id]).toEqual([trades[0]?.id, trades.at(-1)?.id]);
  } else expect(absent).toEqual(expect.arrayContaining(idsOf(found.missing)));
  expectRowsOf(objects, trades);
  expectProvenBars(barsIn(objects), bars, absent.length > 0);
  return manifest;
}

/** Every archived row says what its trade was. */
function expectRowsOf(objects: Objects, trades: Trade[]): void {
  const byId = new Map(trades.map((trade) => [String(trade.id), trade]));
  for (const [name, text] of archivedTexts(objects)) {
    if (!name.startsWith('trades/')) continue;
    for (const line of text.trim().split('\n').slice(1)) {
      const [T, price, quantity, maker, id = ''] = line.split(',');
      const trade = byId.get(id);
      if (
        Number(T) !== trade?.T ||
        Number(price) !== Number(trade.price) ||
        Number(quantity) !== Number(trade.quantity) ||
        maker !== String(trade.maker)
      )
        throw new Error(`${name}: ${line} is not what was traded`);
    }
  }
}

type Bar = Record<string, string>;
const OF_ITS_TRADES = ['vwap', 'vol_total', 'vol_buy', 'trade_count', 'quote_vol_total', 'agg_trade_count'];
const WHERE_TRADED = ['open', 'high', 'low', 'close'];

/** A bar with `trades_complete` has the figures of the truth; with a trade missing, some bar has not. */
function expectProvenBars(ours: string, truth: string, isHoled: boolean): void {
  const read = (text: string): Bar[] => parse(text, { columns: true });
  const expected = read(truth);
  const bars = read(ours);
  for (const [i, bar] of bars.entries()) {
    if (bar['trades_complete'] !== 'true') continue;
    const columns = bar['agg_trade_count'] === '0' ? OF_ITS_TRADES : [...OF_ITS_TRADES, ...WHERE_TRADED];
    const wrong = columns.filter((column) => Number(bar[column]) !== Number(expected[i]?.[column]));
    if (wrong.length > 0) throw new Error(`${bar['timestamp']} is called complete, but ${wrong} differ`);
  }
  expect(bars.every((bar) => bar['trades_complete'] === 'true')).toBe(!isHoled && ours === truth);
}

function idsOf(ranges: [number, number][]): number[] {
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
}
