import { fraction, hash } from './random.ts';

/** Best bid and ask in ticks. */
export type Quote = { bidTicks: number; askTicks: number };

/** Quotes stay for this long; the books and the trades of one step agree. */
export const QUOTE_STEP_MS = 100;

// Each octave is smooth noise of one period; strength falls with the root of the period, as in a random walk.
const PERIODS_MS = [86_400_000, 21_600_000, 5_400_000, 1_350_000, 337_500, 84_375, 21_000, 5_200];
const DAILY_MOVE = 0.03;

/**
 * The quote of a symbol at any time, without having walked there: value noise on fixed lattices, so that any day can be
 * asked for by itself and days still join at midnight. Remembers the lattice cells it is in, since time mostly moves on.
 */
export function createQuotes(
  seed: number,
  basePriceUnits: number,
  tickUnits: number,
): (timeMs: number) => Quote {
  const octaves = PERIODS_MS.map((periodMs, octave) => createNoise(hash(seed, 100 + octave), periodMs));
  const strengths = PERIODS_MS.map((periodMs) => DAILY_MOVE * Math.sqrt(periodMs / 86_400_000));
  const baseTicks = basePriceUnits / tickUnits;
  const spreadSeed = hash(seed, 99);
  let step = Number.NaN;
  let quote: Quote = { bidTicks: 0, askTicks: 0 };
  return (timeMs) => {
    const stepNow = Math.floor(timeMs / QUOTE_STEP_MS);
    if (stepNow === step) return quote;
    step = stepNow;
    let move = 0;
    for (let i = 0; i < octaves.length; i++) {
      move += (strengths[i] ?? 0) * (octaves[i]?.(step * QUOTE_STEP_MS) ?? 0);
    }
    // Room below for the bid levels of a book, whatever the tick.
    const bidTicks = Math.max(60, Math.floor(baseTicks * (1 + move)));
    quote = { bidTicks, askTicks: bidTicks + spreadTicks(fraction(spreadSeed, step)) };
    return quote;
  };
}

/** Mostly one tick, as on a busy market. */
function spreadTicks(chance: number): number {
  if (chance < 0.9) return 1;
  return chance < 0.98 ? 2 : 5;
}

/** Noise in [-1, 1]: random values at multiples of the period, joined smoothly. */
function createNoise(seed: number, periodMs: number): (timeMs: number) => number {
  let cell = Number.NaN;
  let left = 0;
  let right = 0;
  return (timeMs) => {
    const position = timeMs / periodMs;
    const cellNow = Math.floor(position);
    if (cellNow !== cell) {
      cell = cellNow;
      left = 2 * fraction(seed, cell) - 1;
      right = 2 * fraction(seed, cell + 1) - 1;
    }
    const x = position - cell;
    return left + (right - left) * x * x * (3 - 2 * x);
  };
}
