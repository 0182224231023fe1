import type { Bars, Places } from '../../shared/bars/bars.ts';
import { type Integer, type IntegerColumn, multiply, valueAt } from '../../shared/bars/integers.ts';
import { parseDecimal } from '../../shared/decimals.ts';
import type { RestKline } from '../../shared/exchange/wire.ts';
import { MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import { BOOK_GAP_MS } from './book-gaps.ts';

/** Days with fewer trades may well be one-sided. */
const MIN_TRADES_FOR_SIDES = 1_000;
const MIN_SIDE_SHARE = 0.01;
const FROZEN_AFTER_SECONDS = 60;
const BOOK_GAP_SECONDS = BOOK_GAP_MS / SECOND_MS;
const MAX_PRICE_DEVIATION = 0.1;

/** What is odd about a day's content although nothing may be missing; each has been seen in published data sets. */
export function contentWarnings(
  seconds: Bars,
  minutes: Bars,
  places: Places,
  startMs: number,
  klines: RestKline[] | null,
): string[] {
  return [
    ...oneSidedFlow(seconds),
    ...frozenBook(seconds),
    ...farFromKlines(minutes, places, startMs, klines),
  ];
}

function oneSidedFlow(bars: Bars): string[] {
  const trades = total(bars.trades);
  const [buy, sell] = [total(bars.buyQuantity), total(bars.sellQuantity)];
  const share = Math.min(buy, sell) / (buy + sell);
  if (trades <= MIN_TRADES_FOR_SIDES || !(share < MIN_SIDE_SHARE)) return [];
  return [
    `${(share * 100).toFixed(2)} % of the volume of ${trades} trades has the ${buy < sell ? 'buyer' : 'seller'} as aggressor`,
  ];
}

/** Good enough for a share: rounded where the sum is beyond 2^53. */
function total({ values, wide }: IntegerColumn): number {
  return [...wide.values()].reduce(
    (sum, value) => sum + Number(value),
    values.reduce((sum, value) => sum + value, 0),
  );
}

/** Stretches in which every snapshot has the same spread and best quantities while trades have different prices. Where nobody looked, one ends. */
function frozenBook(bars: Bars): string[] {
  let [stretches, longest] = [0, 0];
  let [start, last] = [-1, -1];
  const end = (): void => {
    const length = start < 0 ? 0 : last - start + 1;
    if (length > FROZEN_AFTER_SECONDS && pricesMove(bars, start, last))
      [stretches, longest] = [stretches + 1, Math.max(longest, length)];
  };
  for (let second = 0; second < bars.count; second++) {
    if (valueAt(bars.snapshots, second) === 0) continue;
    if (last < 0 || second - last > BOOK_GAP_SECONDS || !sameBook(bars, last, second)) {
      end();
      start = second;
    }
    last = second;
  }
  end();
  return stretches === 0
    ? []
    : [
        `the book stands still ${stretches} times for more than ${FROZEN_AFTER_SECONDS} s while trades move the price, ${longest} s at most`,
      ];
}

function sameBook(bars: Bars, a: number, b: number): boolean {
  const [countA, countB] = [valueAt(bars.snapshots, a), valueAt(bars.snapshots, b)];
  return [bars.spread, bars.bidQuantity, bars.askQuantity].every(
    (column) => multiply(valueAt(column, a), countB) === multiply(valueAt(column, b), countA),
  );
}

function pricesMove(bars: Bars, from: number, to: number): boolean {
  let price: Integer | undefined;
  for (let second = from; second <= to; second++) {
    if (valueAt(bars.trades, second) === 0) continue;
    const [low, high] = [valueAt(bars.low, second), valueAt(bars.high, second)];
    price ??= low;
    if (low !== price || high !== price) return true;
  }
  return false;
}

function farFromKlines(
  minutes: Bars,
  { price }: Places,
  startMs: number,
  klines: RestKline[] | null,
): string[] {
  const far = (klines ?? []).filter((kline) =>
    isFar(minutes, (kline[0] - startMs) / MINUTE_MS, price, kline),
  );
  return far.length === 0
    ? []
    : [
        `${far.length} minutes have prices more than ${MAX_PRICE_DEVIATION * 100} % away from the exchange's kline`,
      ];
}

function isFar(minutes: Bars, minute: number, places: number, [, , klineHigh, klineLow]: RestKline): boolean {
  if (valueAt(minutes.trades, minute) === 0) return false;
  const [high, low] = [minutes.high, minutes.low].map(
    (column) => Number(valueAt(column, minute)) / 10 ** places,
  );
  const [theirHigh, theirLow] = [klineHigh, klineLow].map((text) => toNumber(text));
  return (
    (high ?? 0) > (theirHigh ?? 0) * (1 + MAX_PRICE_DEVIATION) ||
    (low ?? 0) < (theirLow ?? 0) * (1 - MAX_PRICE_DEVIATION)
  );
}

function toNumber(text: string): number {
  const decimal = parseDecimal(text);
  return decimal ? Number(decimal.units) / 10 ** decimal.places : Number.NaN;
}
