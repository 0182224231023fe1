// The day every measure works on: one busy symbol as the simulator invents it from a seed, written by the recorder's own code.

import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Unreadable } from '../../ingest/frame/fields.ts';
import { createFrameReader } from '../../ingest/frame/read-frame.ts';
import { ROUTES, streamsOf } from '../../ingest/frame/stream.ts';
import { chunkName, headerOf } from '../../ingest/spool/chunk.ts';
import type { RawKind } from '../../shared/lake/object-names.ts';
import { packChunk } from '../../shared/lake/pack.ts';
import { openStore } from '../../shared/program/open-store.ts';
import type { Store } from '../../shared/store/store.ts';
import { DAY_MS, dayStartMs, MINUTE_MS } from '../../shared/time.ts';
import { createMarket } from '../../simulator/market/market.ts';
import type { Frame } from '../../simulator/source/source.ts';
import { cacheFolder } from '../cache.ts';
import { DATE, SYMBOL } from './name.ts';

/** Counted up when the day's content changes, so that no old one is measured. */
const VERSION = 2;
const SEED = 1;
/** Gives the day about 2.15 million aggregate trades. */
const TRADES_PER_SECOND = 26.5;
const SNAPSHOT_EVERY_MS = 100;

/**
 * The folder of a store that holds the standard day's raw chunks, made when it is not there yet. With `days` other than 1 the
 * same market for that long, its times pressed (or stretched) into the one day: `days` times the rows in the same number of chunks.
 */
export async function standardDay(days: number, onMake: () => void): Promise<string> {
  const folder = join(cacheFolder(), `day-v${VERSION}-x${days}`);
  if (existsSync(folder)) return folder;
  onMake();
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await recordDay(await openStore(unfinished, { writable: true }), days);
  await rename(unfinished, folder);
  return folder;
}

/** The lines of both kinds of one minute. */
type Minute = Record<RawKind, string[]>;

async function recordDay(store: Store, days: number): Promise<void> {
  const minutes = new Map<number, Minute>();
  const readFrame = createFrameReader(ROUTES.flatMap((route) => streamsOf([SYMBOL], route)));
  for (const { text, atMs } of dayFrames(days)) {
    const row = readFrame(Buffer.from(text), atMs);
    if (row instanceof Unreadable) throw row;
    const startMs = row.timeMs - (row.timeMs % MINUTE_MS);
    const minute = minutes.get(startMs) ?? { trades: [], depth: [] };
    if (!minutes.has(startMs)) {
      await storeMinute(store, minutes, startMs - 2 * MINUTE_MS);
      minutes.set(startMs, minute);
    }
    minute[row.kind].push(row.line.toString());
  }
  for (const startMs of [...minutes.keys()]) await storeMinute(store, minutes, startMs);
}

async function storeMinute(store: Store, minutes: Map<number, Minute>, startMs: number): Promise<void> {
  const minute = minutes.get(startMs);
  if (!minute) return;
  for (const kind of ['depth', 'trades'] as const) {
    const name = chunkName({ name: '', symbol: SYMBOL, kind }, startMs, 'bench', 0);
    await store.create(name, await packChunk(Buffer.from(headerOf(kind) + minute[kind].join(''))));
  }
  minutes.delete(startMs);
}

function* dayFrames(days: number): Generator<Frame> {
  const startMs = dayStartMs(DATE);
  const source = createMarket({
    seed: SEED,
    symbols: [SYMBOL],
    startMs,
    endMs: startMs + days * DAY_MS,
    depthEveryMs: SNAPSHOT_EVERY_MS,
    tradesPerSecond: TRADES_PER_SECOND,
  });
  const squeezed = (timeMs: number): number => startMs + Math.floor((timeMs - startMs) / days);
  for (const frame of source.frames()) {
    if (days === 1) yield frame;
    else {
      const text = frame.text.replace(
        /"([ET])":(\d+)/g,
        (_, key, time) => `"${key}":${squeezed(Number(time))}`,
      );
      yield { ...frame, atMs: squeezed(frame.atMs), text };
    }
  }
}
