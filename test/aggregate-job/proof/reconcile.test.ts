import { beforeAll, describe, expect, it } from '@jest/globals';
import type { ExchangeRest } from '../../../shared/exchange/rest.ts';
import type { RestKline } from '../../../shared/exchange/wire.ts';
import type { Manifest } from '../../../shared/lake/manifest.ts';
import { MINUTE_MS } from '../../../shared/time.ts';
import { MemoryStore } from '../../shared/store/memory-store.ts';
import { archivedTexts } from '../archived-rows.ts';
import type { Trade } from '../chunks.ts';
import { barsIn, manifestIn, resultsIn, runDay } from '../job.ts';
import { DAY_START, recorded } from '../market-day.ts';

/** Trades in the first, the third and the fourth minute. */
const trades: Trade[] = [
  { T: DAY_START + 1_000, price: '100.5', quantity: '2', maker: false, id: 1, first: 1, last: 3 },
  { T: DAY_START + 2_000, price: '99.9', quantity: '0.25', maker: true, id: 2, first: 4, last: 4 },
  { T: DAY_START + 2 * MINUTE_MS, price: '101', quantity: '1', maker: true, id: 3, first: 5, last: 5 },
  { T: DAY_START + 3 * MINUTE_MS, price: '102', quantity: '1', maker: false, id: 4, first: 6, last: 6 },
];

/** What the exchange says of these minutes. */
const KLINES: RestKline[] = [
  kline(0, ['100.50', '100.50', '99.90', '99.90', '2.250', '225.97500', 4, '2.000', '201.00000']),
  kline(1, ['99.90', '99.90', '99.90', '99.90', '0.000', '0.00000', 0, '0.000', '0.00000']),
  kline(2, ['101.00', '101.00', '101.00', '101.00', '1.000', '101.00000', 1, '0.000', '0.00000']),
  kline(3, ['102', '102', '102', '102', '1', '102', 1, '1', '102.0000000000']),
];

type Fields = [string, string, string, string, string, string, number, string, string];
function kline(minute: number, [o, h, l, c, volume, quote, count, buy, quoteBuy]: Fields): RestKline {
  const openMs = DAY_START + minute * MINUTE_MS;
  return [openMs, o, h, l, c, volume, openMs + MINUTE_MS - 1, quote, count, buy, quoteBuy, '0'];
}

/** An exchange that knows klines alone. */
const knowing = (klines: RestKline[]): ExchangeRest => ({
  time: async () => 0,
  aggTrades: async () => [],
  klines: async ({ startTime }) => klines.filter(([openMs]) => openMs >= startTime),
  lastTradeIds: async () => new Map(),
  symbols: async () => [],
});

async function build(klines: RestKline[], rows = trades): Promise<MemoryStore> {
  const store = new MemoryStore(recorded({ trades: rows }));
  await runDay({ store, rest: knowing(klines) });
  return store;
}
const compare = async (klines: RestKline[], rows = trades): Promise<Manifest['klines']> =>
  manifestIn((await build(klines, rows)).objects).klines;

const FIELDS: [name: string, column: number, other: string | number][] = [
  ['open', 1, '100.51'],
  ['high', 2, '100.500001'],
  ['low', 3, '99.8'],
  ['close', 4, '99.91'],
  ['volume', 5, '2.251'],
  ['quote_volume', 7, '225.975000000000000001'],
  ['count', 8, 5],
  ['taker_buy_volume', 9, '2.0000001'],
  ['taker_buy_quote_volume', 10, '20.1'],
];

describe('the comparison with the exchange’s klines', () => {
  it('looks at values, not at the zeros behind them', async () => {
    expect(await compare(KLINES)).toEqual({ result: 'equal', compared: 4, differing: [] });
  });

  it.each(FIELDS)('names %s where it alone differs', async (name, column, other) => {
    const [first, ...rest] = KLINES;
    const changed = first?.with(column, other) as RestKline;
    expect(await compare([changed, ...rest])).toEqual({
      result: 'differs',
      compared: 4,
      differing: [`2024-07-18T00:00:00Z ${name}`],
    });
  });

  it('names every minute and field that differs', async () => {
    const others = KLINES.map((row, minute) =>
      minute % 2 === 0 ? row : (row.with(8, 77).with(2, '500') as RestKline),
    );
    expect((await compare(others)).differing).toEqual([
      '2024-07-18T00:01:00Z high count',
      '2024-07-18T00:03:00Z high count',
    ]);
  });

  it('takes the close before for a minute without a trade, and compares no price that nobody knows', async () => {
    const [, ...later] = trades;
    const before = kline(0, ['98', '98', '98', '98', '0', '0', 0, '0', '0']);
    const quiet = later.slice(1);
    expect(await compare([before, ...KLINES.slice(2)], quiet)).toMatchObject({
      result: 'equal',
      compared: 3,
    });
    const known = [kline(-1, ['98', '98', '98', '98', '0', '0', 0, '0', '0']), before, ...KLINES.slice(2)];
    expect(await compare(known, quiet)).toMatchObject({ result: 'equal', compared: 3 });
    const wrong = known.with(1, before.with(4, '98.1') as RestKline);
    expect((await compare(wrong, quiet)).differing).toEqual(['2024-07-18T00:00:00Z close']);
  });

  it('is not there where the exchange gives none', async () => {
    expect(await compare([])).toEqual({ result: 'unavailable', compared: 0, differing: [] });
  });

  it('finds a trade that is missing', async () => {
    const { differing } = await compare(KLINES, trades.toSpliced(1, 1));
    expect(differing[0]).toBe('2024-07-18T00:00:00Z low close volume quote_volume count');
  });
});

describe('klines', () => {
  let right: MemoryStore;
  let wrong: MemoryStore;
  beforeAll(async () => {
    right = await build(KLINES);
    wrong = await build(KLINES.map((row) => row.with(5, '9999') as RestKline));
  });

  it('are evidence and change neither bars nor verdict', () => {
    expect(barsIn(wrong.objects)).toBe(barsIn(right.objects));
    const [ours, theirs] = [manifestIn(wrong.objects), manifestIn(right.objects)];
    expect(ours.klines.result).toBe('differs');
    expect({ ...ours, klines: 0, archive: 0 }).toEqual({ ...theirs, klines: 0, archive: 0 });
  });

  it('lie in the zip as they were fetched', () => {
    const evidence: { klines: RestKline[] } = JSON.parse(
      archivedTexts(right.objects).get('evidence.json') ?? '',
    );
    expect(evidence.klines).toEqual(KLINES);
  });

  it('are compared anew from the zip, without the exchange', async () => {
    const built = resultsIn(wrong.objects);
    await runDay({ store: wrong });
    expect(resultsIn(wrong.objects)).toEqual(built);
  });
});
