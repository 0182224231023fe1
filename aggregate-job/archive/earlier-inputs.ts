// Whether a day's present inputs include all those of the build that its manifest tells of. A manifest has only the hash of its list of
// inputs (`inputs.csv`), so this is known in three cases: the list is the same; the zip, of which every entry is an input, has that
// list; or the zip says (`earlier.csv`) that it holds the inputs of that list too, as the zip of a run does that ended before its
// manifest. Of a zip that is gone, or another one, nobody knows what it held. A digest of the day's snapshots would not help: it
// could tell that they are the same, which the list of inputs does, and not that they are among those of today.

import type { Manifest } from '../../shared/lake/manifest.ts';

/** What a zip tells of the inputs it holds: the hash of their list, and that of the build it replaced. */
export type ArchivedInputs = { sha256: string; earlier: string | undefined };

/** True where everything that `before` was built from is among the inputs whose list has the hash `now`. */
export function holdsInputsOf(
  before: Manifest | undefined,
  now: string,
  archived: ArchivedInputs | undefined,
): boolean {
  return !before || [now, archived?.sha256, archived?.earlier].includes(before.inputs.sha256);
}

/** The list of inputs that a zip has to remember besides its own: that of the build it replaces. With the same inputs it remembers what it did. */
export function earlierInputs(
  before: Manifest | undefined,
  now: string,
  archived: ArchivedInputs | undefined,
): string | undefined {
  if (archived?.sha256 === now) return archived.earlier;
  const isReplaced = before && before.inputs.sha256 !== now && holdsInputsOf(before, now, archived);
  return isReplaced ? before.inputs.sha256 : undefined;
}

/** The hash as the zip keeps it. */
export function earlierText(sha256: string): string {
  return `inputs_sha256\n${sha256}\n`;
}

/** Reads what {@link earlierText} wrote; undefined for other text, which proves nothing. */
export function parseEarlier(text: string): string | undefined {
  return /^inputs_sha256\n([0-9a-f]{64})\n$/.exec(text)?.[1];
}
