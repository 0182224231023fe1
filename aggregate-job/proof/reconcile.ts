import type { Bars, Places } from '../../shared/bars/bars.ts';
import { add, type Integer, valueAt } from '../../shared/bars/integers.ts';
import { formatUnits, parseDecimal } from '../../shared/decimals.ts';
import type { RestKline } from '../../shared/exchange/wire.ts';
import type { Manifest } from '../../shared/lake/manifest.ts';
import { MINUTE_MS } from '../../shared/time.ts';

/** Bars of one minute, and what is needed to read them. */
export type MinuteBars = { bars: Bars; places: Places; seed: Integer | null; startMs: number };

type Field = [name: string, ours: string | null, theirs: string];

/** Compares official 1m klines with our minutes on nine fields, as exact decimals. Klines are evidence, not truth: they change nothing. */
export function reconcile(
  { bars, places, seed, startMs }: MinuteBars,
  klines: RestKline[] | null,
): Manifest['klines'] {
  if (!klines || klines.length === 0) return { result: 'unavailable', compared: 0, differing: [] };
  const differing: string[] = [];
  const closes = closesBefore(bars, seed);
  for (const kline of klines) {
    const minute = (kline[0] - startMs) / MINUTE_MS;
    const names = fieldsOf(bars, minute, closes[minute] ?? null, places, kline)
      .filter(isDifferent)
      .map(([name]) => name);
    if (names.length > 0)
      differing.push(`${new Date(kline[0]).toISOString().slice(0, 19)}Z ${names.join(' ')}`);
  }
  return { result: differing.length === 0 ? 'equal' : 'differs', compared: klines.length, differing };
}

/** By minute: the last price traded before it, or the seed. */
function closesBefore(bars: Bars, seed: Integer | null): (Integer | null)[] {
  let close = seed;
  return Array.from({ length: bars.count }, (_, minute) => {
    const before = close;
    if (valueAt(bars.trades, minute) !== 0) close = valueAt(bars.close, minute);
    return before;
  });
}

function fieldsOf(
  bars: Bars,
  minute: number,
  closeBefore: Integer | null,
  { price, quantity }: Places,
  kline: RestKline,
): Field[] {
  const traded = valueAt(bars.trades, minute) !== 0;
  const text = (value: Integer | null, places: number): string | null =>
    value === null ? null : formatUnits(value, places);
  const priceOf = (column: Bars['open']): string | null =>
    text(traded ? valueAt(column, minute) : closeBefore, price);
  const [buy, sell] = [valueAt(bars.buyQuantity, minute), valueAt(bars.sellQuantity, minute)];
  return [
    ['open', priceOf(bars.open), kline[1]],
    ['high', priceOf(bars.high), kline[2]],
    ['low', priceOf(bars.low), kline[3]],
    ['close', priceOf(bars.close), kline[4]],
    ['volume', text(add(buy, sell), quantity), kline[5]],
    ['quote_volume', text(valueAt(bars.quoteTotal, minute), price + quantity), kline[7]],
    ['count', String(valueAt(bars.executions, minute)), String(kline[8])],
    ['taker_buy_volume', text(buy, quantity), kline[9]],
    ['taker_buy_quote_volume', text(valueAt(bars.quoteBuy, minute), price + quantity), kline[10]],
  ];
}

/** Equal as numbers, whatever zeros stand behind them. A price that nobody could know (no trade and no seed yet) is not compared. */
function isDifferent([, ours, theirs]: Field): boolean {
  if (ours === null) return false;
  const [a, b] = [parseDecimal(ours), parseDecimal(theirs)];
  if (!a || !b) return true;
  const places = Math.max(a.places, b.places);
  return a.units * 10n ** BigInt(places - a.places) !== b.units * 10n ** BigInt(places - b.places);
}
