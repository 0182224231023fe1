import type { RestAggTrade } from '../exchange/wire.ts';

/** Columns of a raw trades chunk: one row an aggregated trade. Meanings in ARCHITECTURE.md. */
export const TRADE_COLUMNS = [
  'timestamp',
  'price',
  'quantity',
  'is_buyer_maker',
  'agg_trade_id',
  'first_trade_id',
  'last_trade_id',
  'quantity_no_rpi',
  'event_time',
  'received_at',
] as const;

/** The first line of every trades chunk, without its line end. */
export const TRADE_HEADER = TRADE_COLUMNS.join(',');

/**
 * A row of a trades chunk, with its line end, in the exchange's own text. Without `eventMs` and `receivedMs` it is one that came
 * from REST, which tells neither.
 */
export function tradeLine(
  { T, p, q, m, a, f, l, nq = '' }: RestAggTrade,
  eventMs: number | '' = '',
  receivedMs: number | '' = '',
): string {
  return `${T},${p},${q},${m},${a},${f},${l},${nq},${eventMs},${receivedMs}\n`;
}
