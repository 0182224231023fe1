import { DAY_MINUTES, MINUTE_MS, SECOND_MS } from '../../../shared/time.ts';
import type { Trade } from '../chunks.ts';
import { DAY_START } from '../market-day.ts';

/** Enough places for any product of a price and a quantity; every figure is an integer at them. */
export const PLACES = 40;

/** What trades alone say of a minute, by column; `null` for what is empty or unknown. */
export type TruthBar = Record<TradeColumn, bigint | null> & { notional: bigint; traded: bigint };
export type TradeColumn =
  | 'open'
  | 'high'
  | 'low'
  | 'close'
  | 'vol_total'
  | 'vol_buy'
  | 'vol_sell'
  | 'vol_delta'
  | 'trade_count'
  | 'cvd'
  | 'quote_vol_total'
  | 'quote_vol_buy'
  | 'agg_trade_count';

/** The 1m bars that these trades make, as naively as can be. */
export function truthBars(trades: Trade[], closeBefore: string | null): TruthBar[] {
  const minutes = Map.groupBy(trades.filter(hasQuantity), ({ T }) => Math.floor((T - DAY_START) / MINUTE_MS));
  let close = closeBefore === null ? null : at(closeBefore);
  let cvd = 0n;
  return Array.from({ length: DAY_MINUTES }, (_, minute) => {
    const bar = barOf(minutes.get(minute) ?? [], close, cvd);
    [close, cvd] = [bar.close, bar.cvd ?? 0n];
    return bar;
  });
}

/** Decimal text as an integer at {@link PLACES}. */
export function at(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(PLACES, '0'));
}

const hasQuantity = ({ quantity }: Trade): boolean => at(quantity) > 0n;

function barOf(unsorted: Trade[], closeBefore: bigint | null, cvdBefore: bigint): TruthBar {
  // open and close go by second, then by id
  const trades = unsorted.toSorted(
    (a, b) => Math.floor(a.T / SECOND_MS) - Math.floor(b.T / SECOND_MS) || a.id - b.id,
  );
  const prices = trades.map(({ price }) => at(price));
  const sorted = prices.toSorted((a, b) => Number(a > b) - Number(a < b));
  const sum = (value: (trade: Trade) => bigint, of: Trade[] = trades): bigint =>
    of.reduce((total, trade) => total + value(trade), 0n);
  const bought = trades.filter(({ maker }) => !maker);
  const lots = ({ quantity }: Trade): bigint => at(quantity);
  const quote = ({ price, quantity }: Trade): bigint => (at(price) * at(quantity)) / 10n ** BigInt(PLACES);
  const [total, buy] = [sum(lots), sum(lots, bought)];
  return {
    open: prices[0] ?? closeBefore,
    high: sorted.at(-1) ?? closeBefore,
    low: sorted[0] ?? closeBefore,
    close: prices.at(-1) ?? closeBefore,
    vol_total: total,
    vol_buy: buy,
    vol_sell: total - buy,
    vol_delta: 2n * buy - total,
    trade_count: at(String(trades.reduce((count, { first, last }) => count + last - first + 1, 0))),
    cvd: cvdBefore + 2n * buy - total,
    quote_vol_total: sum(quote),
    quote_vol_buy: sum(quote, bought),
    agg_trade_count: at(String(trades.length)),
    notional: sum(quote),
    traded: total,
  };
}
