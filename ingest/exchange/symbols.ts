import { UsageError } from '../../shared/errors.ts';
import type { SymbolInfo } from '../../shared/exchange/wire.ts';
import { isSymbol, NO_SYMBOL } from '../../shared/lake/object-names.ts';

/** Which symbols to record: a list, or every perpetual that trades in a quote asset. */
export type SymbolChoice = { symbols: readonly string[] } | { quoteAsset: string };

/** The symbols to record now. @throws UsageError for a symbol or quote asset the exchange does not list. */
export function chooseSymbols(choice: SymbolChoice, listed: readonly SymbolInfo[]): string[] {
  return 'symbols' in choice ? checked(choice.symbols, listed) : ofQuoteAsset(choice.quoteAsset, listed);
}

function checked(symbols: readonly string[], listed: readonly SymbolInfo[]): string[] {
  const names = listed.map(({ symbol }) => symbol);
  const unknown = symbols.find((symbol) => !names.includes(symbol));
  if (unknown === undefined) return [...symbols];
  const near = nearest(unknown, names).join(', ');
  throw new UsageError(`--symbols ${unknown}: the exchange has no such symbol, the nearest are ${near}`);
}

function ofQuoteAsset(quoteAsset: string, listed: readonly SymbolInfo[]): string[] {
  const isWanted = (info: SymbolInfo): boolean =>
    info.quoteAsset === quoteAsset &&
    info.status === 'TRADING' &&
    info.contractType.endsWith('PERPETUAL') &&
    isSymbol(info.symbol) &&
    info.symbol !== NO_SYMBOL;
  const symbols = listed.filter(isWanted).map(({ symbol }) => symbol);
  if (symbols.length > 0) return symbols.sort();
  const quoteAssets = [...new Set(listed.map((info) => info.quoteAsset))].sort().join(', ');
  throw new UsageError(
    `--symbols all:${quoteAsset}: no perpetual trades in it, the quote assets are ${quoteAssets}`,
  );
}

/** The three names that take the fewest edits. */
function nearest(name: string, names: readonly string[]): string[] {
  const upper = name.toUpperCase();
  return names
    .map((other) => ({ other, edits: edits(upper, other) }))
    .sort((a, b) => a.edits - b.edits)
    .slice(0, 3)
    .map(({ other }) => other);
}

/** Levenshtein's distance. */
function edits(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
