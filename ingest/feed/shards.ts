/** Streams a connection carries at most. */
const MAX_STREAMS = 200;

/**
 * Spreads symbols over connections. Symbols that are recorded already stay where they are, so that a new listing replaces
 * one connection and no other. Shards may be empty.
 */
export function shardSymbols(
  symbols: readonly string[],
  before: readonly (readonly string[])[] = [],
): string[][] {
  const wanted = new Set(symbols);
  const shards = before.map((shard) => shard.filter((symbol) => wanted.delete(symbol)));
  for (const symbol of wanted) {
    const roomy = shards.find((shard) => shard.length < MAX_STREAMS);
    if (roomy) roomy.push(symbol);
    else shards.push([symbol]);
  }
  return shards;
}
