import { assetsOf, type Instrument } from '../source/source.ts';
import { hash, seedOf } from './random.ts';

/** A symbol of the random market; whatever is left out follows from its name. */
export type SymbolOptions = {
  symbol: string;
  /** Price it moves around. */
  price?: number;
  priceDecimals?: number;
  quantityDecimals?: number;
  tickUnits?: number;
  /** Mean over the day outside of quiet minutes. */
  tradesPerSecond?: number;
  /** Minutes of every day without a trade, `[from, to)` pairs; the book goes on. */
  quietMinutes?: readonly (readonly [from: number, to: number])[];
};

/** A symbol with everything its random trades and books depend on. */
export type Listing = {
  instrument: Instrument;
  seed: number;
  basePriceUnits: number;
  /** Quantity of a middling trade, in units. */
  typicalQuantityUnits: number;
  tradesPerSecond: number;
  quietMinutes: readonly (readonly [from: number, to: number])[];
};

type Shape = { price: number; priceDecimals: number; quantityDecimals: number; tickUnits: number };

// As the exchange lists them; other symbols take one of these shapes by their name.
const KNOWN: Record<string, Shape> = {
  BTCUSDT: { price: 64_000, priceDecimals: 2, quantityDecimals: 3, tickUnits: 10 },
  ETHUSDT: { price: 3_400, priceDecimals: 2, quantityDecimals: 3, tickUnits: 1 },
  SOLUSDT: { price: 160, priceDecimals: 4, quantityDecimals: 2, tickUnits: 100 },
  XRPUSDT: { price: 0.55, priceDecimals: 4, quantityDecimals: 1, tickUnits: 1 },
  DOGEUSDT: { price: 0.12, priceDecimals: 6, quantityDecimals: 0, tickUnits: 10 },
  '1000PEPEUSDT': { price: 0.0113, priceDecimals: 7, quantityDecimals: 0, tickUnits: 1 },
};
const SHAPES = Object.values(KNOWN);

const TYPICAL_TRADE_VALUE = 600;

/** Fills in a symbol's options. */
export function listSymbol(options: SymbolOptions, seed: number, tradesPerSecond: number): Listing {
  const { symbol } = options;
  const symbolSeed = seedOf(seed, symbol);
  const shape = KNOWN[symbol] ?? SHAPES[hash(symbolSeed, 1) % SHAPES.length];
  if (!shape) throw new Error(`list ${symbol}: no shape`);
  const { price, priceDecimals, quantityDecimals, tickUnits } = { ...shape, ...options };
  return {
    instrument: { symbol, ...assetsOf(symbol), priceDecimals, quantityDecimals, tickUnits },
    seed: symbolSeed,
    basePriceUnits: price * 10 ** priceDecimals,
    typicalQuantityUnits: Math.max(1, (TYPICAL_TRADE_VALUE / price) * 10 ** quantityDecimals),
    tradesPerSecond: options.tradesPerSecond ?? tradesPerSecond,
    quietMinutes: options.quietMinutes ?? [],
  };
}
