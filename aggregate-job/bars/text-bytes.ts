// Writes numbers as text straight into bytes: a day at 1s is 1.8 million numbers, and as strings they would cost more than
// the bars themselves. Digits are made from 32-bit integers, nine at a time, because V8 divides those several times faster than doubles.

import { formatUnits } from '../../shared/decimals.ts';
import type { Integer } from './integers.ts';

const ZERO = 0x30;
const POINT = 0x2e;
const MINUS = 0x2d;
const GROUP = 1_000_000_000;
const SCRATCH = 64;

/** Growing text in ASCII. */
export class TextBytes {
  #bytes: Buffer;
  #length = 0;
  readonly #scratch = new Uint8Array(SCRATCH);

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(Math.max(capacity, SCRATCH));
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

  /** `units / 10^places` with exactly `places` places, as {@link formatUnits} writes it. */
  decimal(units: Integer, places: number): void {
    if (typeof units === 'bigint' || places > SCRATCH - 20) this.ascii(formatUnits(units, places));
    else this.#safeDecimal(units, places);
  }

  #safeDecimal(units: number, places: number): void {
    if (this.#length + SCRATCH > this.#bytes.length) this.#grow(SCRATCH);
    const positive = units < 0 ? -units : units;
    const scratch = this.#scratch;
    let high = positive < GROUP ? 0 : Math.floor(positive / GROUP);
    let low = (positive - high * GROUP) | 0;
    let at = SCRATCH;
    for (let digits = 0; digits <= places || low !== 0 || high !== 0; digits++) {
      if (digits === 9) [low, high] = [high, 0];
      if (digits === places && places > 0) scratch[--at] = POINT;
      const rest = (low / 10) | 0;
      scratch[--at] = ZERO + low - rest * 10;
      low = rest;
    }
    if (units < 0) scratch[--at] = MINUS;
    this.#bytes.set(scratch.subarray(at), this.#length);
    this.#length += SCRATCH - at;
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + needed));
    grown.set(this.written);
    this.#bytes = grown;
  }
}
