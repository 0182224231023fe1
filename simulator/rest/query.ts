import type { Instrument, Source, Tape } from '../source/source.ts';
import { Rejection } from './rejection.ts';

/** What a request is answered from. Nothing later than `nowMs` has happened yet. */
export type Market = { source: Source; nowMs: number };

/** The symbol a request must name, with its tape. */
export function requireSymbol(
  query: URLSearchParams,
  source: Source,
): { instrument: Instrument; tape: Tape } {
  const symbol = query.get('symbol');
  if (!symbol) {
    throw new Rejection(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.");
  }
  const instrument = source.instruments.find((listed) => listed.symbol === symbol);
  const tape = source.tape(symbol);
  if (!instrument || !tape) throw new Rejection(-1121, 'Invalid symbol.');
  return { instrument, tape };
}

/** A whole number parameter; undefined where it was not sent. */
export function readNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (/^\d{1,16}$/.test(text)) return Number(text);
  throw new Rejection(
    -1100,
    `Illegal characters found in parameter '${name}'; legal range is '^[0-9]{1,20}$'.`,
  );
}

/** `limit`: at most `most`, however much was asked for. */
export function readLimit(query: URLSearchParams, most: number): number {
  const limit = readNumber(query, 'limit') ?? 500;
  if (limit === 0) throw new Rejection(-1130, "Data sent for parameter 'limit' is not valid.");
  return Math.min(limit, most);
}
