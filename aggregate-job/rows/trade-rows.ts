import { type IntegerColumn, integerColumn } from '../../shared/bars/integers.ts';
import type { Decimal } from '../../shared/decimals.ts';
import { grown, type ScaledRows, setDecimal } from './scaled-rows.ts';

/** Trades of one window as columns, in the order they were read. */
export type TradeRows = ScaledRows & {
  id: Float64Array;
  /** Milliseconds since the day's start. */
  time: Uint32Array;
  price: IntegerColumn;
  quantity: IntegerColumn;
  firstId: Float64Array;
  lastId: Float64Array;
  /** 1 when the buyer was the maker. */
  maker: Uint8Array;
  /** Index of the chunk in the window's list. */
  source: Uint32Array;
};

/** One trade as its row said it; `time` counts from the day's start. */
export type TradeRow = {
  time: number;
  price: Decimal;
  quantity: Decimal;
  maker: boolean;
  id: number;
  firstId: number;
  lastId: number;
};

/** No rows yet. */
export function tradeRows(): TradeRows {
  const [price, quantity] = [integerColumn(0), integerColumn(0)];
  return {
    count: 0,
    id: new Float64Array(0),
    time: new Uint32Array(0),
    price,
    quantity,
    firstId: new Float64Array(0),
    lastId: new Float64Array(0),
    maker: new Uint8Array(0),
    source: new Uint32Array(0),
    scale: { price: 0, quantity: 0 },
    places: { price: 0, quantity: 0 },
    priced: [price],
    quantified: [quantity],
  };
}

/** Makes room for `more` rows behind those that are there. */
export function reserveTrades(rows: TradeRows, more: number): void {
  const { count } = rows;
  if (count + more <= rows.id.length) return;
  const capacity = Math.max(count + more, rows.id.length * 2);
  rows.id = grown(Float64Array, rows.id, count, capacity);
  rows.time = grown(Uint32Array, rows.time, count, capacity);
  rows.price.values = grown(Float64Array, rows.price.values, count, capacity);
  rows.quantity.values = grown(Float64Array, rows.quantity.values, count, capacity);
  rows.firstId = grown(Float64Array, rows.firstId, count, capacity);
  rows.lastId = grown(Float64Array, rows.lastId, count, capacity);
  rows.maker = grown(Uint8Array, rows.maker, count, capacity);
  rows.source = grown(Uint32Array, rows.source, count, capacity);
}

/** Adds one trade; the slow way, for rows the scanner hands over. */
export function pushTrade(rows: TradeRows, row: TradeRow, source: number): void {
  reserveTrades(rows, 1);
  const i = rows.count;
  rows.id[i] = row.id;
  rows.time[i] = row.time;
  rows.firstId[i] = row.firstId;
  rows.lastId[i] = row.lastId;
  rows.maker[i] = row.maker ? 1 : 0;
  rows.source[i] = source;
  setDecimal(rows, 'price', rows.price, i, row.price);
  setDecimal(rows, 'quantity', rows.quantity, i, row.quantity);
  rows.count++;
}
