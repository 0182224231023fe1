import { createHash } from 'node:crypto';
import { splitBars } from '../../shared/bars/bar-text.ts';
import type { Resolution } from '../../shared/bars/resolution.ts';
import { BAR_HEADER } from '../../shared/lake/bar.ts';
import type { Manifest } from '../../shared/lake/manifest.ts';
import { archiveObjectName, barsObjectName, dayResultsPrefix } from '../../shared/lake/object-names.ts';
import type { Body, Store } from '../../shared/store/store.ts';
import { dayStartMs, SECOND_MS } from '../../shared/time.ts';
import type { Threads } from '../threads/threads.ts';
import { barsEvery, combineFlags, type DayBars } from './bars-every.ts';

/**
 * Writes the results of one symbol-day. It only replaces what it found when the run began, so that two runs at once can never
 * put an older result over a newer one.
 */
export class DayOutputs {
  readonly #store: Store;
  readonly #found: Map<string, string>;

  private constructor(store: Store, found: Map<string, string>) {
    this.#store = store;
    this.#found = found;
  }

  /** Looks up what there is of a symbol-day before anything of it is read, whether a manifest names it or not. */
  static async find(store: Store, symbol: string, date: string): Promise<DayOutputs> {
    const found = new Map<string, string>();
    for await (const { name, generation } of store.list(dayResultsPrefix(symbol, date)))
      found.set(name, generation);
    const archive = await store.stat(archiveObjectName(symbol, date));
    if (archive) found.set(archive.name, archive.generation);
    return new DayOutputs(store, found);
  }

  /** The names of the objects that there were, or are now. */
  get names(): string[] {
    return [...this.#found.keys()];
  }

  /** Makes the object hold `body`. @throws Error when another run has written it since this one began. */
  async put(name: string, body: Body): Promise<void> {
    const written = (await this.#store.create(name, body)) ?? (await this.#replaceFound(name, body));
    if (written === undefined)
      throw new Error(`write ${name}: another run has written it since this one began`);
    this.#found.set(name, written);
  }

  async #replaceFound(name: string, body: Body): Promise<string | undefined> {
    const generation = this.#found.get(name);
    return generation === undefined ? undefined : this.#store.replace(name, body, generation);
  }
}

/** Builds and stores the daily file of each resolution. */
export async function storeBars(
  outputs: DayOutputs,
  symbol: string,
  date: string,
  day: DayBars,
  resolutions: Resolution[],
  threads: Threads,
): Promise<Manifest['outputs']> {
  const stored: Manifest['outputs'] = [];
  for (const { name: resolution, seconds } of resolutions) {
    const name = barsObjectName(symbol, date, resolution);
    const bars = barsEvery(day, seconds);
    const context = {
      startMs: dayStartMs(date),
      resolutionMs: seconds * SECOND_MS,
      places: day.decimals,
      seed: day.seed,
      complete: combineFlags(day.complete, seconds),
    };
    const parts = await threads.write(splitBars(bars, context, threads.count));
    const text = Buffer.concat([Buffer.from(`${BAR_HEADER}\n`), ...parts]);
    await outputs.put(name, text);
    stored.push({ name, bytes: text.length, sha256: sha256(text), rows: bars.count });
  }
  return stored;
}

/** SHA-256 as hexadecimal text. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
