import { type IntegerColumn, integerColumn, setAt } from '../../shared/bars/integers.ts';
import type { Decimal } from '../../shared/decimals.ts';
import { grown, type ScaledRows, setDecimal } from './scaled-rows.ts';

/** A snapshot as its row said it; a side without levels is null. */
export type DepthRow = { time: number; updateId: number; bid: Level | null; ask: Level | null };
/** The best level of a side. */
export type Level = { price: Decimal; quantity: Decimal };

/** Snapshots of one window as columns, in the order they were read. */
export type DepthRows = ScaledRows & {
  /** Milliseconds since the day's start. */
  time: Uint32Array;
  updateId: Float64Array;
  bidPrice: IntegerColumn;
  bidQuantity: IntegerColumn;
  askPrice: IntegerColumn;
  askQuantity: IntegerColumn;
  /** 1 when a side had no levels. */
  oneSided: Uint8Array;
  /** Index of the chunk in the window's list. */
  source: Uint32Array;
};

/** No rows yet. */
export function depthRows(): DepthRows {
  const [bidPrice, bidQuantity, askPrice, askQuantity] = [
    integerColumn(0),
    integerColumn(0),
    integerColumn(0),
    integerColumn(0),
  ];
  return {
    count: 0,
    time: new Uint32Array(0),
    updateId: new Float64Array(0),
    bidPrice,
    bidQuantity,
    askPrice,
    askQuantity,
    oneSided: new Uint8Array(0),
    source: new Uint32Array(0),
    scale: { price: 0, quantity: 0 },
    places: { price: 0, quantity: 0 },
    priced: [bidPrice, askPrice],
    quantified: [bidQuantity, askQuantity],
  };
}

/** Makes room for `more` rows behind those that are there. */
export function reserveDepth(rows: DepthRows, more: number): void {
  const { count } = rows;
  if (count + more <= rows.time.length) return;
  const capacity = Math.max(count + more, rows.time.length * 2);
  rows.time = grown(Uint32Array, rows.time, count, capacity);
  rows.updateId = grown(Float64Array, rows.updateId, count, capacity);
  rows.oneSided = grown(Uint8Array, rows.oneSided, count, capacity);
  rows.source = grown(Uint32Array, rows.source, count, capacity);
  for (const column of [...rows.priced, ...rows.quantified])
    column.values = grown(Float64Array, column.values, count, capacity);
}

/** Adds one snapshot; the slow way, for rows the scanner hands over. */
export function pushDepth(rows: DepthRows, row: DepthRow, source: number): void {
  reserveDepth(rows, 1);
  const i = rows.count;
  rows.time[i] = row.time;
  rows.updateId[i] = row.updateId;
  rows.source[i] = source;
  rows.oneSided[i] = row.bid && row.ask ? 0 : 1;
  for (const column of [...rows.priced, ...rows.quantified]) setAt(column, i, 0);
  rows.count++; // first, so that this row grows too when its ask has more places than its bid
  if (row.bid && row.ask) setLevels(rows, i, row.bid, row.ask);
}

function setLevels(rows: DepthRows, i: number, bid: Level, ask: Level): void {
  setDecimal(rows, 'price', rows.bidPrice, i, bid.price);
  setDecimal(rows, 'quantity', rows.bidQuantity, i, bid.quantity);
  setDecimal(rows, 'price', rows.askPrice, i, ask.price);
  setDecimal(rows, 'quantity', rows.askQuantity, i, ask.quantity);
}
