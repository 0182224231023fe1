import { MINUTE_MS } from '../../shared/time.ts';

const MAX_WAIT_MS = 5 * MINUTE_MS;

/** A stream that is suspected to be dead. Times are of the feed's awake clock. */
type Suspicion = { sinceMs: number; tries: number; nextTryMs: number };

/**
 * Remembers which streams are thought dead and how often that was acted on: the first time at once, then after waits that
 * double up to five minutes, so that a market that is merely quiet costs next to nothing.
 */
export class Suspicions {
  readonly #firstWaitMs: number;
  readonly #suspicions = new Map<string, Suspicion>();

  constructor(firstWaitMs: number) {
    this.#firstWaitMs = firstWaitMs;
  }

  get names(): string[] {
    return [...this.#suspicions.keys()];
  }

  has(name: string): boolean {
    return this.#suspicions.has(name);
  }

  /** The stream is thought dead; true when it is time to act on it (again). */
  add(name: string, nowMs: number): boolean {
    const suspicion = this.#suspicions.get(name) ?? { sinceMs: nowMs, tries: 0, nextTryMs: nowMs };
    this.#suspicions.set(name, suspicion);
    if (nowMs < suspicion.nextTryMs) return false;
    suspicion.nextTryMs = nowMs + Math.min(MAX_WAIT_MS, this.#firstWaitMs * 2 ** suspicion.tries++);
    return true;
  }

  /** The stream was heard. */
  clear(name: string): void {
    this.#suspicions.delete(name);
  }
}
