import { depthStream, tradeStream } from '../../shared/exchange/wire.ts';
import type { RawKind } from '../../shared/lake/object-names.ts';

/** A stream of the exchange that is recorded: one kind of one symbol. */
export type Stream = { name: string; symbol: string; kind: RawKind };

/** The exchange's socket routes: a stream asked for on the other one is acknowledged and stays silent. */
export type Route = 'market' | 'public';
export const ROUTES: readonly Route[] = ['market', 'public'];

const ROUTE_OF: Record<RawKind, Route> = { trades: 'market', depth: 'public' };
const NAME_OF: Record<RawKind, (symbol: string) => string> = { trades: tradeStream, depth: depthStream };

/** What is recorded of the symbols on a route. */
export function streamsOf(symbols: readonly string[], route: Route): Stream[] {
  const kind: RawKind = ROUTE_OF.trades === route ? 'trades' : 'depth';
  return symbols.map((symbol) => ({ name: NAME_OF[kind](symbol), symbol, kind }));
}

/** The address that opens a connection with these streams. Symbols may hold any letter but a slash; an `@` means nothing in a query. */
export function streamsUrl(baseUrl: string, route: Route, streams: readonly Stream[]): string {
  const names = streams.map(({ name }) => encodeURIComponent(name).replaceAll('%40', '@')).join('/');
  return `${baseUrl.replace(/\/+$/, '')}/${route}/stream?streams=${names}`;
}
