import { MAX_NAMED_REJECTIONS } from '../../shared/lake/manifest.ts';
import { compareNames } from '../../shared/store/store.ts';
import type { Rejection } from './scan-chunk.ts';

/**
 * What was not taken of a window or a day, in little memory: a damaged day may have millions of such rows. The first ones by name and
 * line are kept, all are counted, and of all those with an id that is known.
 */
export type Rejected = {
  count: number;
  byReason: Map<string, number>;
  named: Rejection[];
  /** Trade ids of rejected rows, one a row. */
  ids: Float64Array;
};

/** Collects rejections one by one. */
export class RejectedRows {
  readonly #byReason = new Map<string, number>();
  #named: Rejection[] = [];
  #ids = new Float64Array(0);
  #idCount = 0;
  #count = 0;

  push(rejection: Rejection): void {
    const { reason, id } = rejection;
    this.#count++;
    this.#byReason.set(reason, (this.#byReason.get(reason) ?? 0) + 1);
    this.#named.push(rejection);
    if (this.#named.length >= 2 * MAX_NAMED_REJECTIONS) this.#named = firstNamed(this.#named);
    if (id !== undefined) this.#pushId(id);
  }

  rejected(): Rejected {
    return {
      count: this.#count,
      byReason: this.#byReason,
      named: firstNamed(this.#named),
      ids: this.#ids.slice(0, this.#idCount),
    };
  }

  #pushId(id: number): void {
    if (this.#idCount === this.#ids.length) {
      const grown = new Float64Array(Math.max(64, 2 * this.#ids.length));
      grown.set(this.#ids);
      this.#ids = grown;
    }
    this.#ids[this.#idCount++] = id;
  }
}

/** Those of several windows as those of the day. */
export function joinRejected(windows: readonly Rejected[]): Rejected {
  const byReason = new Map<string, number>();
  for (const window of windows) {
    for (const [reason, count] of window.byReason) byReason.set(reason, (byReason.get(reason) ?? 0) + count);
  }
  const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);
  const ids = new Float64Array(sum(windows.map((window) => window.ids.length)));
  let at = 0;
  for (const window of windows) {
    ids.set(window.ids, at);
    at += window.ids.length;
  }
  return {
    count: sum(windows.map(({ count }) => count)),
    byReason,
    named: firstNamed(windows.flatMap(({ named }) => named)),
    ids,
  };
}

function firstNamed(rejections: Rejection[]): Rejection[] {
  return rejections
    .toSorted((a, b) => compareNames(a.name, b.name) || a.line - b.line)
    .slice(0, MAX_NAMED_REJECTIONS);
}
