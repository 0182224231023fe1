import type { Listing } from './listing.ts';
import { createQuotes } from './price.ts';
import { fraction, hash } from './random.ts';
import { createFormat } from './text.ts';

const LEVELS = 20;
const UPDATES_PER_SNAPSHOT = 2_300;

/** A depth20 snapshot: when, and the text of its two sides as JSON. */
export type Snapshot = {
  timeMs: number;
  firstUpdateId: number;
  lastUpdateId: number;
  previousUpdateId: number;
  bids: string;
  asks: string;
};

/** The books of a symbol every `everyMs`, by the number of the snapshot counted from 1970. */
export function createBooks(listing: Listing, everyMs: number): (number: number) => Snapshot {
  const { seed, basePriceUnits, instrument, typicalQuantityUnits } = listing;
  const { tickUnits } = instrument;
  const quoteAt = createQuotes(seed, basePriceUnits, tickUnits);
  const price = createFormat(instrument.priceDecimals);
  const quantity = createFormat(instrument.quantityDecimals);
  const jitterSeed = hash(seed, 11);
  const levelSeed = hash(seed, 12);
  const quantitySeed = hash(seed, 13);
  const updateSeed = hash(seed, 14);

  const side = (bestTicks: number, step: 1 | -1, second: number): string => {
    let text = '[';
    let ticks = bestTicks;
    for (let level = 0; level < LEVELS; level++) {
      // A level stays as it is for some seconds, and the levels change at different moments.
      const life = Math.floor((second + (ticks & 7)) / 4);
      const lots = quantityOf(fraction(hash(quantitySeed, ticks), life), typicalQuantityUnits, level);
      text += `${level === 0 ? '' : ','}["${price(ticks * tickUnits)}","${quantity(lots)}"]`;
      ticks += step;
      // About a third of the prices have no order.
      while (ticks > 1 && hash(levelSeed, ticks) % 3 === 0) ticks += step;
      if (ticks < 1) break;
    }
    return `${text}]`;
  };
  const lastUpdateId = (number: number): number =>
    number * UPDATES_PER_SNAPSHOT + (hash(updateSeed, number) % UPDATES_PER_SNAPSHOT);

  return (number) => {
    const timeMs = number * everyMs + (hash(jitterSeed, number) % 100);
    const { bidTicks, askTicks } = quoteAt(timeMs);
    const second = Math.floor(timeMs / 1000);
    return {
      timeMs,
      firstUpdateId: lastUpdateId(number - 1) + 1,
      lastUpdateId: lastUpdateId(number),
      previousUpdateId: lastUpdateId(number - 1),
      bids: side(bidTicks, -1, second),
      asks: side(askTicks, 1, second),
    };
  };
}

function quantityOf(chance: number, typicalUnits: number, level: number): number {
  const scale = level === 0 ? 6 : 1.5;
  return 1 + Math.floor(typicalUnits * scale * chance * chance * chance * 8);
}
