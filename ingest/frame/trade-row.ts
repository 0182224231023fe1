import { tradeLine } from '../../shared/lake/trade.ts';
import { decimal, integer, symbol, time, Unreadable } from './fields.ts';
import type { Row } from './row.ts';

/** The row of an `aggTrade` event, in the columns of `shared/lake/trade.ts`. @throws Unreadable */
export function readTrade(stream: string, data: Record<string, unknown>, receivedMs: number): Row {
  const timeMs = time(data.T, 'T');
  const eventMs = time(data.E, 'E');
  const p = decimal(data.p, 'p');
  const q = decimal(data.q, 'q');
  const { m } = data;
  if (typeof m !== 'boolean') throw new Unreadable('m is neither true nor false');
  const id = integer(data.a, 'a');
  const f = integer(data.f, 'f');
  const lastId = integer(data.l, 'l');
  if (f > lastId) throw new Unreadable('f is larger than l');
  const nq = data.nq === undefined || data.nq === null ? '' : decimal(data.nq, 'nq');
  const trade = { T: timeMs, p, q, m, a: id, f, l: lastId, nq };
  return {
    stream,
    symbol: symbol(data.s),
    kind: 'trades',
    timeMs,
    eventMs,
    id,
    lastId,
    line: Buffer.from(tradeLine(trade, eventMs, receivedMs)),
  };
}
