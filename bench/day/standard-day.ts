// The day every measure works on: one busy symbol as the simulator invents it from a seed, written by the recorder's own code.

import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Uploader } from '../../ingest/chunk/uploader.ts';
import { ExchangeClock } from '../../ingest/minutes/exchange-clock.ts';
import { FeedMinutes } from '../../ingest/minutes/feed-minutes.ts';
import { createReceiver } from '../../ingest/receiver.ts';
import { streamsOf } from '../../ingest/stream.ts';
import { createTally, type Tally } from '../../ingest/tally.ts';
import { createLog } from '../../shared/log.ts';
import { openStore } from '../../shared/store/open.ts';
import { DAY_MS, dayStartMs, MINUTE_MS, systemClock } from '../../shared/time.ts';
import { createMarket, wholeDays } from '../../simulator/market/market.ts';
import type { Frame } from '../../simulator/source/source.ts';
import { cacheFolder } from '../cache.ts';
import { DATE, SYMBOL } from './name.ts';

/** Counted up when the day's content changes, so that no old one is measured. */
const VERSION = 1;
const SEED = 1;
/** Gives the day about 2.15 million aggregate trades. */
const TRADES_PER_SECOND = 26.5;
const SNAPSHOT_EVERY_MS = 100;
/** Frames taken before chunks get the time to be compressed and stored. */
const FRAMES_A_TURN = 20_000;

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
  await recordDay(unfinished, days);
  await rename(unfinished, folder);
  return folder;
}

async function recordDay(folder: string, days: number): Promise<void> {
  const log = createLog('bench', { write: (line) => process.stderr.write(line) });
  const tally = createTally();
  const store = await openStore(folder, { writable: true });
  const uploader = new Uploader(
    { store, writer: 'bench', tally, log, clock: systemClock, random: Math.random },
    () => {},
  );
  const streams = [...streamsOf([SYMBOL], 'market'), ...streamsOf([SYMBOL], 'public')];
  const minutes = new FeedMinutes(streams, MINUTE_MS, (minute) => uploader.add(minute));
  const clock = new ExchangeClock(dayStartMs(DATE));
  const receive = createReceiver(minutes, clock, { tally, log });
  minutes.opened(clock);
  let turn = 0;
  for (const { text, atMs } of dayFrames(days)) {
    receive(Buffer.from(text), false, atMs);
    if (++turn % FRAMES_A_TURN === 0) await uploader.finished();
  }
  minutes.closeAll();
  await uploader.finished();
  requireWhole(tally);
}

function requireWhole({ unreadable, setAside, storeFailures, chunks }: Tally): void {
  if (unreadable + setAside + storeFailures > 0 || chunks !== 2 * 1440)
    throw new Error(`record the standard day: ${chunks} chunks, ${unreadable + setAside} frames lost`);
}

function* dayFrames(days: number): Generator<Frame> {
  const { startMs } = wholeDays(DATE);
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
