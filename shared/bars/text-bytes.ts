// Writes the fields of a CSV line straight into bytes: a day at 1s is 1.8 million numbers, and as strings they would cost more than
// the bars themselves. Digits are made from 32-bit integers, because V8 divides those several times faster than doubles, and go
// straight to their place: first into a scratch array and then copied took twice as long. Much of the time is spent before V8 has
// compiled this, so it is few calls, each of which does much.

import { formatUnits } from '../decimals.ts';
import type { Integer } from './integers.ts';

const ZERO = 0x30;
const POINT = 0x2e;
const MINUS = 0x2d;
const COMMA = 0x2c;
const GROUP = 1_000_000_000;
const GROUP_DIGITS = 9;
/** Bytes of the longest field that is written digit by digit. */
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

  bytes(source: Uint8Array): void {
    if (this.#length + source.length > this.#bytes.length) this.#grow(source.length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < source.length; i++) bytes[at++] = source[i] ?? 0;
    this.#length = at;
  }

  /** A comma, and nothing between it and the next one. */
  emptyField(): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = COMMA;
  }

  /** A comma and `units / 10^places` with exactly `places` places, as {@link formatUnits} writes it. */
  field(units: Integer, places: number): void {
    if (typeof units === 'bigint' || places > MOST_PLACES)
      this.bytes(Buffer.from(`,${formatUnits(units, places)}`));
    else this.#safeField(units, places);
  }

  #safeField(units: number, places: number): void {
    if (this.#length + LONGEST > this.#bytes.length) this.#grow(LONGEST);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = COMMA;
    if (units < 0) bytes[at++] = MINUS;
    const positive = units < 0 ? -units : units;
    const count = digitCount(positive);
    const digits = count > places ? count : places + 1;
    at += digits + (places > 0 ? 1 : 0);
    this.#length = at;
    let high = positive < GROUP ? 0 : Math.floor(positive / GROUP);
    let low = (positive - high * GROUP) | 0;
    for (let digit = 0; digit < digits; digit++) {
      if (digit === GROUP_DIGITS) {
        low = high;
        high = 0;
      }
      if (digit === places && digit > 0) bytes[--at] = POINT;
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
