import { mapInOrder } from '../../shared/concurrency.ts';
import { parseChunkName, rawDayPrefix } from '../../shared/lake/object-names.ts';
import type { Store } from '../../shared/store/store.ts';
import { DAY_MS, dayStartMs, MINUTE_MS } from '../../shared/time.ts';
import { type IdRange, joinRanges } from '../proof/id-ranges.ts';
import type { Segment } from '../proof/segments.ts';
import type { WindowChunk } from '../scan/scan-chunk.ts';
import { scanWindow, WINDOW_MS, type WindowResult } from '../window/window.ts';

/** A quiet symbol has a day of empty chunks before its first trade. */
const MINUTES_AT_ONCE = 8;

/** Behind so many ids no more are looked for. */
const ENOUGH_IDS = 1_000;

/**
 * The ids in the first raw chunks of a day: up to its first trade behind `idBefore`, and all that came before that one by name, since
 * nobody knows how long a chunk is.
 */
export async function firstIdsOf(
  raw: Store,
  symbol: string,
  date: string,
  idBefore: number | null,
): Promise<IdRange[]> {
  const chunks: FirstChunk[] = [];
  for await (const { name } of raw.list(`${rawDayPrefix(symbol, date)}trades/`)) {
    const chunk = parseChunkName(name.slice(rawDayPrefix(symbol, date).length));
    if (chunk) chunks.push({ name, minute: chunk.minute });
  }
  const minutes = Map.groupBy(chunks, ({ minute }) => minute).values();
  const found: Segment[] = [];
  let [earliest, count] = [Number.POSITIVE_INFINITY, 0];
  for await (const { minute, segments } of mapInOrder(minutes, MINUTES_AT_ONCE, (group) =>
    segmentsIn(raw, group, date),
  )) {
    if (minute * MINUTE_MS > earliest || count > ENOUGH_IDS) break;
    for (const segment of segments) {
      found.push(segment);
      count += segment.to - segment.from + 1;
      if (segment.to > (idBefore ?? -1)) earliest = Math.min(earliest, segment.firstTime);
    }
  }
  return joinRanges(found.map(({ from, to }): IdRange => [from, to]));
}

type FirstChunk = { name: string; minute: number };

/** The runs of ids in the intact chunks of one minute. One that is gone by now (that day's own run has archived it) says nothing. */
async function segmentsIn(
  raw: Store,
  chunks: FirstChunk[],
  date: string,
): Promise<{ minute: number; segments: Segment[] }> {
  const minute = chunks[0]?.minute ?? 0;
  const startMs = Math.floor((minute * MINUTE_MS) / WINDOW_MS) * WINDOW_MS;
  const stored = await Promise.all(chunks.map(({ name }) => raw.read(name)));
  const inputs = chunks.flatMap(({ name }, index): WindowChunk[] => {
    const bytes = stored[index]?.bytes;
    return bytes ? [{ name, kind: 'trades', stored: { form: 'gzip', bytes }, rank: 0, isHome: true }] : [];
  });
  const scan = (from: number, to: number): WindowResult =>
    scanWindow({
      dayStartMs: dayStartMs(date),
      startMs: from,
      endMs: to,
      chunks: inputs,
      lostIds: new Set(),
      sharedIds: new Set(),
    });
  const usual = scan(startMs, startMs + WINDOW_MS);
  // a longer chunk, or a recorder that put rows elsewhere: a window of the whole day costs too much to be the rule
  const { segments } = usual.strays.length > 0 ? scan(0, DAY_MS) : usual;
  return { minute, segments: segments.flat().filter(({ verified }) => verified) };
}
