import { HOUR_MS } from '../../shared/time.ts';

const MAX_STEP_MS = 60_000;
const WITNESSES = 3;
/** A source that runs faster than time leaps over a quiet hour; anything more is a clock that was set. */
const MAX_QUIET_MS = HOUR_MS;

/**
 * The exchange's time as one connection shows it: the largest event time seen, carried on by local elapsed time while
 * nothing arrives. One frame with a wrong time must not close every minute that is open, so a jump of more than 60 s,
 * either way, needs three consistent frames in a row.
 */
export class ExchangeClock {
  readonly #openedAtMs: number;
  #seenMs: number | undefined;
  #listeningSinceMs = Number.POSITIVE_INFINITY;
  #heardAtMs = 0;
  #tickedAtMs: number;
  #idleMs = 0;
  #jump = { eventMs: 0, witnesses: 0 };

  /** `openedAtMs`, like every local time here, is of the local monotonic clock. */
  constructor(openedAtMs: number) {
    this.#openedAtMs = openedAtMs;
    this.#tickedAtMs = openedAtMs;
  }

  /** The exchange's time now; undefined before the first event. */
  get nowMs(): number | undefined {
    return this.#seenMs === undefined ? undefined : this.#seenMs + this.#idleMs;
  }

  /** The largest event time seen: up to here the connection is known to have delivered. */
  get seenMs(): number | undefined {
    return this.#seenMs;
  }

  /** The exchange's time from which on the connection has listened without a break; infinite before the first event. */
  get listeningSinceMs(): number {
    return this.#listeningSinceMs;
  }

  /** An event of the exchange's time `eventMs` has arrived. */
  saw(eventMs: number, localMs: number): void {
    if (this.#seenMs === undefined) {
      this.#start(eventMs, localMs);
      return;
    }
    const isJump =
      eventMs > this.#seenMs + this.#idleMs + MAX_STEP_MS || eventMs < this.#seenMs - MAX_STEP_MS;
    if (isJump && !this.#isWitnessed(eventMs)) return;
    if (isJump) this.#leap(this.#seenMs, this.#jump.eventMs);
    else if (eventMs > this.#seenMs) this.#seenMs = eventMs;
    this.#jump.witnesses = 0;
    this.#idleMs = 0;
    this.#heardAtMs = localMs;
  }

  /**
   * Local time has passed. A step counts for `maxStepMs` at most: while this process was held up, what the exchange
   * sent meanwhile waits unread, and the clock must not run past it.
   */
  tick(localMs: number, maxStepMs: number): void {
    const stepMs = Math.max(0, Math.min(maxStepMs, localMs - this.#tickedAtMs));
    this.#tickedAtMs = localMs;
    if (this.#seenMs === undefined) return;
    this.#idleMs = Math.max(0, Math.min(this.#idleMs + stepMs, localMs - this.#heardAtMs));
  }

  /** The connection listened from its opening on, though the exchange's time was learnt only now. */
  #start(eventMs: number, localMs: number): void {
    this.#seenMs = eventMs;
    this.#heardAtMs = localMs;
    this.#listeningSinceMs = eventMs - Math.max(0, localMs - this.#openedAtMs);
  }

  #isWitnessed(eventMs: number): boolean {
    const isConsistent = Math.abs(eventMs - this.#jump.eventMs) <= MAX_STEP_MS;
    this.#jump = isConsistent
      ? { eventMs: Math.max(eventMs, this.#jump.eventMs), witnesses: this.#jump.witnesses + 1 }
      : { eventMs, witnesses: 1 };
    return this.#jump.witnesses >= WITNESSES;
  }

  #leap(fromMs: number, toMs: number): void {
    this.#seenMs = toMs;
    if (toMs < fromMs || toMs > fromMs + MAX_QUIET_MS) this.#listeningSinceMs = toMs;
  }
}
