import type { Stream } from '../stream.ts';

/** How long after a minute's end, by the exchange's time, it stays open for rows that come late. */
export const GRACE_MS = 3_000;

/** Numbers of minutes long gone are forgotten; a name used twice would be refused by the store and counted up there. */
const REMEMBERED_MINUTES = 300;

/** A chunk's worth of rows that will not change any more. `n` counts how often its minute was opened before. */
export type ClosedMinute = { stream: Stream; startMs: number; n: number; rows: readonly string[] };

type OpenMinute = { startMs: number; n: number; openedAtMs: number; rows: string[] };

/** The minutes (or longer slots of `slotMs`) of one stream: a row goes to the minute of its exchange time. */
export class StreamMinutes {
  readonly stream: Stream;
  readonly #slotMs: number;
  readonly #onClosed: (minute: ClosedMinute) => void;
  readonly #open = new Map<number, OpenMinute>();
  readonly #nextN = new Map<number, number>();
  #latest: OpenMinute | undefined;

  constructor(stream: Stream, slotMs: number, onClosed: (minute: ClosedMinute) => void) {
    this.stream = stream;
    this.#slotMs = slotMs;
    this.#onClosed = onClosed;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Adds a row of the exchange's time `timeMs` while the exchange's clock shows `nowMs`. */
  add(timeMs: number, line: string, nowMs: number): void {
    const startMs = timeMs - (timeMs % this.#slotMs);
    if (this.#latest?.startMs !== startMs)
      this.#latest = this.#open.get(startMs) ?? this.#openMinute(startMs, nowMs);
    this.#latest.rows.push(line);
  }

  /** Closes every minute whose time is over. */
  closeDue(nowMs: number): void {
    for (const minute of this.#open.values()) {
      if (this.#isDue(minute, nowMs)) this.#close(minute);
    }
  }

  /** A minute that was listened to from start to end: if nothing came, that is stored too. */
  closeQuiet(startMs: number): void {
    if (this.#nextN.has(startMs)) return;
    this.#onClosed({ stream: this.stream, startMs, n: this.#takeN(startMs), rows: [] });
  }

  closeAll(): void {
    for (const minute of this.#open.values()) this.#close(minute);
  }

  /** Rows that come when the minute is over get a grace of their own, or each of them would become a chunk. */
  #isDue({ startMs, openedAtMs }: OpenMinute, nowMs: number): boolean {
    const overAtMs = startMs + this.#slotMs + GRACE_MS;
    if (openedAtMs < overAtMs) return nowMs >= overAtMs;
    return nowMs >= openedAtMs + GRACE_MS || nowMs < openedAtMs; // the clock may have been set back
  }

  #openMinute(startMs: number, nowMs: number): OpenMinute {
    const minute = { startMs, n: this.#takeN(startMs), openedAtMs: nowMs, rows: [] };
    this.#open.set(startMs, minute);
    return minute;
  }

  #close(minute: OpenMinute): void {
    this.#open.delete(minute.startMs);
    if (this.#latest === minute) this.#latest = undefined;
    this.#onClosed({ stream: this.stream, startMs: minute.startMs, n: minute.n, rows: minute.rows });
  }

  #takeN(startMs: number): number {
    const n = this.#nextN.get(startMs) ?? 0;
    this.#nextN.set(startMs, n + 1);
    const [oldest] = this.#nextN.keys();
    if (this.#nextN.size > REMEMBERED_MINUTES && oldest !== undefined) this.#nextN.delete(oldest);
    return n;
  }
}
