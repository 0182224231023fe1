/** What was last seen of something that should move while its owner lives. */
type Sight = { sign: string; sinceMs: number; lookedAtMs: number };

/**
 * Tells by looks alone that something does not move any more: neither its clock nor ours may be trusted, since both can
 * be set. So a time stamp is only compared with the one seen before, and time is measured by a clock that nobody sets.
 */
export class SignsOfLife {
  readonly #unseenMs: number;
  readonly #monotonicMs: () => number;
  readonly #sights = new Map<string, Sight>();

  constructor(unseenMs: number, monotonicMs: () => number) {
    this.#unseenMs = unseenMs;
    this.#monotonicMs = monotonicMs;
  }

  /** Looks once more. True when `name` has shown the same `sign` for the whole time. */
  isUnseen(name: string, sign: string): boolean {
    const nowMs = this.#monotonicMs();
    const before = this.#sights.get(name);
    // Whoever did not look for so long may have been stopped together with what it watches: it begins anew.
    const isContinued = before?.sign === sign && nowMs - before.lookedAtMs < this.#unseenMs;
    const sinceMs = isContinued ? before.sinceMs : nowMs;
    this.#sights.set(name, { sign, sinceMs, lookedAtMs: nowMs });
    return nowMs - sinceMs >= this.#unseenMs;
  }

  forget(name: string): void {
    this.#sights.delete(name);
  }
}
