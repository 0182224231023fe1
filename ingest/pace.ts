import { type Clock, MINUTE_MS } from '../shared/time.ts';

/** Only a replay gets this far ahead of the time that passes here. */
const AHEAD_OF_TIME_MS = 2 * MINUTE_MS;

/**
 * Tells when a source that runs faster than time must wait for the store. The live exchange is never made to wait:
 * whatever it has sent by then, it cannot have sent more than time has passed.
 */
export class Pace {
  readonly #clock: Clock;
  #first: { exchangeMs: number; localMs: number } | undefined;
  #isHeld = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `waiting` chunks are not stored; `maxWaiting` may be, and half of that until it goes on. */
  isHeld(waiting: number, maxWaiting: number, exchangeMs: number | undefined): boolean {
    if (exchangeMs === undefined) return false;
    const localMs = this.#clock.monotonicMs();
    this.#first ??= { exchangeMs, localMs };
    const aheadMs = exchangeMs - this.#first.exchangeMs - (localMs - this.#first.localMs);
    this.#isHeld = aheadMs > AHEAD_OF_TIME_MS && waiting > (this.#isHeld ? maxWaiting / 2 : maxWaiting);
    return this.#isHeld;
  }
}
