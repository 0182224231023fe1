import { decimal, integer, symbol, time, Unreadable } from './fields.ts';
import type { Row } from './row.ts';

/** The row of an `aggTrade` event, in the columns of `shared/schema/trade.ts`. @throws Unreadable */
export function readTrade(stream: string, data: Record<string, unknown>, receivedMs: number): Row {
  const timeMs = time(data.T, 'T');
  const eventMs = time(data.E, 'E');
  const price = decimal(data.p, 'p');
  const quantity = decimal(data.q, 'q');
  const isBuyerMaker = data.m;
  if (typeof isBuyerMaker !== 'boolean') throw new Unreadable('m is neither true nor false');
  const id = integer(data.a, 'a');
  const firstId = integer(data.f, 'f');
  const lastId = integer(data.l, 'l');
  const quantityNoRpi = data.nq === undefined || data.nq === null ? '' : decimal(data.nq, 'nq');
  const line = `${timeMs},${price},${quantity},${isBuyerMaker},${id},${firstId},${lastId},${quantityNoRpi},${eventMs},${receivedMs}\n`;
  return {
    stream,
    symbol: symbol(data.s),
    kind: 'trades',
    timeMs,
    eventMs,
    id,
    lastId,
    line: Buffer.from(line),
  };
}
