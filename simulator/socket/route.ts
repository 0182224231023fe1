/**
 * Where a connection came in. Streams are split by route: the order book on `public`, trades on `market`.
 * The `old` unrouted paths still connect and acknowledge, and carry nothing.
 */
export type Route = 'public' | 'market' | 'old';

/** The route of a path; undefined where the exchange has nothing. */
export function routeOf(path: string): Route | undefined {
  if (path === '/public/stream') return 'public';
  if (path === '/market/stream') return 'market';
  if (path === '/stream' || path === '/ws' || path.startsWith('/ws/')) return 'old';
  return undefined;
}

/** True if frames of the stream come over the route. Stream names are lower case but for their kind; others match nothing. */
export function carries(route: Route, stream: string): boolean {
  if (route === 'public') return /@(depth\d*(@\d+ms)?|bookTicker)$/.test(stream); // a symbol may hold an @ too
  return route === 'market' && stream.endsWith('@aggTrade');
}
