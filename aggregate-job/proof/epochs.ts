import { RELISTING_MS, type Segment } from './segments.ts';

/** Segments of one counting of ids, by id. A symbol that is listed anew counts from the start again: a new epoch. */
export type Epoch = Segment[];

/**
 * Puts the windows' segments (windows in order of time) into epochs: where all ids of a window lie below all ids so far, do not
 * touch them, and are later by a relisting, the ids restarted. Any other disorder stays within its epoch.
 */
export function joinEpochs(windows: Segment[][][]): Epoch[] {
  const epochs: Epoch[] = [];
  let [lowest, latest] = [Number.POSITIVE_INFINITY, 0];
  for (const part of windows.flat()) {
    const [from, to] = [part[0]?.from ?? 0, part.at(-1)?.to ?? 0];
    const epoch = epochs.at(-1);
    const earliest = part.reduce(
      (time, { firstTime }) => Math.min(time, firstTime),
      Number.POSITIVE_INFINITY,
    );
    if (epoch && (to >= lowest - 1 || earliest - latest < RELISTING_MS)) {
      for (const segment of part) epoch.push(segment);
      lowest = Math.min(lowest, from);
    } else {
      epochs.push([...part]);
      lowest = from;
    }
    latest = part.reduce((time, { lastTime }) => Math.max(time, lastTime), latest);
  }
  for (const epoch of epochs) epoch.sort((a, b) => a.from - b.from || a.firstTime - b.firstTime);
  return epochs;
}

/** The ids that more than one window holds in one epoch, by window. */
export function sharedIds(epochs: Epoch[], windowMs: number): { window: number; ids: Set<number> }[] {
  const byWindow = new Map<number, Set<number>>();
  const share = (segment: Segment, from: number, to: number): void => {
    const window = Math.floor(segment.firstTime / windowMs);
    const ids = byWindow.get(window) ?? new Set<number>();
    for (let id = from; id <= to; id++) ids.add(id);
    byWindow.set(window, ids);
  };
  for (const epoch of epochs) {
    for (const [a, b] of overlaps(epoch)) {
      const [from, to] = [Math.max(a.from, b.from), Math.min(a.to, b.to)];
      share(a, from, to);
      share(b, from, to);
    }
  }
  return [...byWindow].sort(([a], [b]) => a - b).map(([window, ids]) => ({ window, ids }));
}

function* overlaps(epoch: Epoch): Generator<[Segment, Segment]> {
  let open: Segment[] = [];
  for (const segment of epoch) {
    open = open.filter(({ to }) => to >= segment.from);
    for (const earlier of open) yield [earlier, segment];
    open.push(segment);
  }
}
