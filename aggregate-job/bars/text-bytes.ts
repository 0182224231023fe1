// Writes numbers as text straight into bytes: a day at 1s is 1.8 million numbers, and as strings they would cost more than
// the bars themselves. Digits are made from 32-bit integers, nine at a time, because V8 divides those several times faster than doubles.
// They go straight to their place: first into a scratch array and then copied took twice as long.

import { formatUnits } from '../../shared/decimals.ts';
import type { Integer } from './integers.ts';

const ZERO = 0x30;
const POINT = 0x2e;
const MINUS = 0x2d;
const GROUP = 1_000_000_000;
/** Bytes of the longest number that is written digit by digit. */
const LONGEST = 64;
const MOST_PLACES = LONGEST - 20;

/** Growing text in ASCII. */
export class TextBytes {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(Math.max(capacity, LONGEST));
  }

  /** What was written so far; valid until the next write. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  byte(code: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = code;
  }

  ascii(text: string): void {
    if (this.#length + text.length > this.#bytes.length) this.#grow(text.length);
    this.#length += this.#bytes.write(text, this.#length, 'latin1');
  }

  /** A number below 100 as two digits. */
  twoDigits(number: number): void {
    const tens = (number / 10) | 0;
    this.byte(ZERO + tens);
    this.byte(ZERO + number - tens * 10);
  }

  /** `units / 10^places` with exactly `places` places, as {@link formatUnits} writes it. */
  decimal(units: Integer, places: number): void {
    if (typeof units === 'bigint' || places > MOST_PLACES) this.ascii(formatUnits(units, places));
    else this.#safeDecimal(units, places);
  }

  #safeDecimal(units: number, places: number): void {
    if (this.#length + LONGEST > this.#bytes.length) this.#grow(LONGEST);
    const bytes = this.#bytes;
    const positive = units < 0 ? -units : units;
    if (units < 0) bytes[this.#length++] = MINUS;
    const digits = Math.max(digitCount(positive), places + 1);
    let at = this.#length + digits + (places > 0 ? 1 : 0);
    this.#length = at;
    let high = positive < GROUP ? 0 : Math.floor(positive / GROUP);
    let low = (positive - high * GROUP) | 0;
    for (let digit = 0; digit < digits; digit++) {
      if (digit === 9) [low, high] = [high, 0];
      if (digit === places && places > 0) bytes[--at] = POINT;
      const rest = (low / 10) | 0;
      bytes[--at] = ZERO + low - rest * 10;
      low = rest;
    }
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + needed));
    grown.set(this.written);
    this.#bytes = grown;
  }
}

function digitCount(positive: number): number {
  let count = 1;
  for (let power = 10; power <= positive; power *= 10) count++;
  return count;
}
