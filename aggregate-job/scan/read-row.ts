import { type Decimal, parseDecimal } from '../../shared/decimals.ts';
import { DEPTH_COLUMNS } from '../../shared/lake/depth.ts';
import { TRADE_COLUMNS } from '../../shared/lake/trade.ts';
import { MAX_PLACES, MAX_WHOLE_DIGITS } from '../../shared/limits.ts';
import { DAY_MS } from '../../shared/time.ts';
import type { DepthRow, Level } from '../rows/depth-rows.ts';
import type { TradeRow } from '../rows/trade-rows.ts';
import { csvFields } from './csv-line.ts';

/** Why a row was not taken, in words that can be counted; `id` is its aggregate trade id where that could be read and the row is of the day. */
export class BadRow extends Error {
  override name = 'BadRow';
  id: number | undefined;
}

/** Reads one line of a trades chunk with every check. @throws BadRow */
export function readTradeRow(line: string, dayStartMs: number): TradeRow {
  const fields = fieldsOf(line, TRADE_COLUMNS);
  const time = readTime(fields.timestamp, dayStartMs);
  const id = readInteger(fields, 'agg_trade_id');
  try {
    return readTrade(fields, time, id);
  } catch (error) {
    if (error instanceof BadRow) error.id = id;
    throw error;
  }
}

function readTrade(
  fields: Record<(typeof TRADE_COLUMNS)[number], string>,
  time: number,
  id: number,
): TradeRow {
  const price = readDecimal(fields, 'price');
  if (price.units === 0n) throw new BadRow('price is 0');
  const quantity = readDecimal(fields, 'quantity');
  const maker = fields.is_buyer_maker;
  if (maker !== 'true' && maker !== 'false') throw new BadRow('is_buyer_maker is neither true nor false');
  const [firstId, lastId] = [readInteger(fields, 'first_trade_id'), readInteger(fields, 'last_trade_id')];
  if (lastId < firstId) throw new BadRow('last_trade_id is below first_trade_id');
  if (fields.quantity_no_rpi !== '') readDecimal(fields, 'quantity_no_rpi');
  readOptionalTimes(fields);
  return { time, price, quantity, maker: maker === 'true', id, firstId, lastId };
}

/** Reads one line of a depth chunk: fields, times, id, the form of both arrays, the best levels. @throws BadRow */
export function readDepthRow(line: string, dayStartMs: number): DepthRow {
  const fields = fieldsOf(line, DEPTH_COLUMNS);
  const time = readTime(fields.timestamp, dayStartMs);
  const [bid, ask] = [readBest(fields, 'bids'), readBest(fields, 'asks')];
  const updateId = readInteger(fields, 'last_update_id');
  readOptionalTimes(fields);
  return { time, updateId, bid, ask };
}

const BEST_LEVEL = /^\[\[([\d.]+),([\d.]+)\](?:,\[.*\])?\]$/s;

function readBest<C extends string>(fields: Record<C, string>, column: C): Level | null {
  const text = fields[column];
  if (text === '[]') return null;
  const match = BEST_LEVEL.exec(text);
  if (!match) throw new BadRow(`${column} is not an array of [price,quantity]`);
  const [, priceText = '', quantityText = ''] = match;
  const what = `best level of ${column}`;
  for (const number of [priceText, quantityText]) requireLimits(number, what);
  const [price, quantity] = [parseDecimal(priceText), parseDecimal(quantityText)];
  if (!price || !quantity) throw new BadRow(`${what} is not [price,quantity]`);
  if (price.units === 0n || quantity.units === 0n) throw new BadRow(`${what} has a 0`);
  return { price, quantity };
}

function fieldsOf<C extends string>(line: string, columns: readonly C[]): Record<C, string> {
  if (line === '' || line === '\r') throw new BadRow('empty line');
  const values = csvFields(line.endsWith('\r') ? line.slice(0, -1) : line);
  if (!values) throw new BadRow('quotes do not match');
  if (values.length !== columns.length)
    throw new BadRow(`${values.length < columns.length ? 'missing' : 'extra'} fields`);
  const fields: Partial<Record<C, string>> = {};
  for (const [i, column] of columns.entries()) fields[column] = values[i] ?? '';
  return fields as Record<C, string>; // every column was set in the line above
}

function readTime(text: string, dayStartMs: number): number {
  if (!/^\d{1,15}$/.test(text)) throw new BadRow('timestamp is not a whole number');
  const time = Number(text) - dayStartMs;
  if (time < 0 || time >= DAY_MS) throw new BadRow('time outside its day');
  return time;
}

function readInteger<C extends string>(fields: Record<C, string>, column: C): number {
  const value = /^\d{1,16}$/.test(fields[column]) ? Number(fields[column]) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new BadRow(`${column} is not a whole number`);
}

function readDecimal<C extends string>(fields: Record<C, string>, column: C): Decimal {
  requireLimits(fields[column], column);
  const decimal = parseDecimal(fields[column]);
  if (!decimal) throw new BadRow(`${column} is not a decimal number`);
  if (fields[column].startsWith('-')) throw new BadRow(`${column} is negative`);
  return decimal;
}

/** Before the number is made: a megabyte of digits would take seconds. */
function requireLimits(text: string, what: string): void {
  const [, whole = '', fraction = ''] = /^-?(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole.length > MAX_WHOLE_DIGITS)
    throw new BadRow(`${what} has more than ${MAX_WHOLE_DIGITS} digits before its point`);
  if (fraction.length > MAX_PLACES)
    throw new BadRow(`${what} has more than ${MAX_PLACES} digits behind its point`);
}

function readOptionalTimes(fields: Record<'event_time' | 'received_at', string>): void {
  for (const column of ['event_time', 'received_at'] as const) {
    if (fields[column].length > MAX_WHOLE_DIGITS || !/^\d*$/.test(fields[column]))
      throw new BadRow(`${column} is not a whole number`);
  }
}
