import { MINUTE_MS } from '../../shared/time.ts';
import type { Line } from './line.ts';

const MAX_WAIT_MS = 5 * MINUTE_MS;
/** Stands for a connection as a whole, which has no stream's name. */
const WHOLE = '';

/**
 * Knows how long each stream of a feed was not heard, which are thought dead, and how often that was acted on: the first
 * time at once, then after waits that double up to five minutes, so that a market that is merely quiet costs next to
 * nothing. Times are of the feed's awake clock.
 */
export class Watch {
  readonly #staleAfterMs: number;
  readonly #suspicions = new Map<string, { tries: number; nextTryMs: number }>();

  constructor(staleAfterMs: number) {
    this.#staleAfterMs = staleAfterMs;
  }

  isSuspect(name: string): boolean {
    return this.#suspicions.has(name);
  }

  /** How long a stream was not heard over any of the connections; since the youngest's opening where it never was. */
  silentMs(name: string, lines: readonly Line[], nowMs: number): number {
    const heard = lines.map((line) => line.heardAwakeMs.get(name) ?? line.openedAwakeMs);
    return heard.length === 0 ? 0 : nowMs - Math.max(...heard);
  }

  isStale(name: string, lines: readonly Line[], nowMs: number): boolean {
    return this.silentMs(name, lines, nowMs) >= this.#staleAfterMs;
  }

  /** The stream is thought dead; true when it is time to act on it (again). */
  suspect(name: string, nowMs: number): boolean {
    const suspicion = this.#suspicions.get(name) ?? { tries: 0, nextTryMs: nowMs };
    this.#suspicions.set(name, suspicion);
    if (nowMs < suspicion.nextTryMs) return false;
    suspicion.nextTryMs = nowMs + Math.min(MAX_WAIT_MS, this.#staleAfterMs * 2 ** suspicion.tries++);
    return true;
  }

  /** Clears the stream if it was heard of late over this connection; a new connection alone clears nobody. */
  clearHeard(name: string, line: Line, nowMs: number): void {
    if (line.heardAwakeMs.has(name) && !this.isStale(name, [line], nowMs)) this.#suspicions.delete(name);
  }

  /**
   * Looks at a connection as a whole; true when it is silent and time to act. A quiet market looks the same, but a new
   * connection costs less than finding out.
   */
  isDead(line: Line, nowMs: number): boolean {
    if (nowMs - line.lastHeardAwakeMs >= this.#staleAfterMs) return this.suspect(WHOLE, nowMs);
    if (line.firstHeardAwakeMs !== undefined) this.#suspicions.delete(WHOLE);
    return false;
  }
}
