import type { Manifest } from '../../shared/lake/manifest.ts';
import type { Store } from '../../shared/store/store.ts';
import { addDays } from '../../shared/time.ts';
import { neighboursOf, readManifest, unreadable } from '../witnesses/neighbours.ts';
import type { SymbolDate } from './days.ts';
import { isOutdated } from './outdated.ts';

/** What a chain of builds needs of the run. */
export type Chain = {
  results: Store;
  /** True for a day whose own turn is still to come. */
  isToCome(day: SymbolDate): boolean;
  /** Builds a day, `outdatedBy` the day before; undefined when it failed. */
  build(day: SymbolDate, outdatedBy?: string): Promise<Manifest | undefined>;
  warnOnce(message: string): void;
};

/**
 * Builds a day and, one after the other, the days behind it that this makes outdated: a day begins where the one before ended. It goes
 * by what the manifests say and not by what changed, so a run that was ended in between is made up for by the next one.
 */
export async function* buildChain(
  first: SymbolDate,
  { results, isToCome, build, warnOnce }: Chain,
): AsyncGenerator<Manifest | undefined> {
  let built = await build(first);
  yield built;
  while (built) {
    const next = await outdatedNext(results, built, warnOnce);
    if (!next || isToCome(next)) return;
    built = await build(next, built.date);
    yield built;
  }
}

async function outdatedNext(
  results: Store,
  before: Manifest,
  warnOnce: (message: string) => void,
): Promise<SymbolDate | undefined> {
  const { symbol } = before;
  const date = addDays(before.date, 1);
  const read = (day: string) => readManifest(results, symbol, day).catch(unreadable(warnOnce));
  const manifest = await read(date);
  if (!manifest) return undefined;
  return isOutdated(manifest, neighboursOf(before, await read(addDays(date, 1))))
    ? { symbol, date }
    : undefined;
}
