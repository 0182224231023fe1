import type { Clock } from '../shared/time.ts';
import type { Faults } from './faulty/faults.ts';
import type { Audience } from './socket/audience.ts';
import type { ExchangeClock } from './source/clock.ts';
import type { Frame, Source } from './source/source.ts';

/** Simulated time runs so many times faster than local time, or `max`: as fast as the slowest reader takes it. */
export type Speed = number | 'max';

/** What was played. `isComplete` is false where it was stopped before the source's end. */
export type PlayedSource = { frames: number; lastMs: number; isComplete: boolean };

export type Playback = {
  source: Source;
  audience: Audience;
  clock: ExchangeClock;
  speed: Speed;
  wall: Clock;
  faults: Faults;
  signal: AbortSignal;
};

// Two windows may be under way at once, so that nobody waits for an answer to travel.
const WINDOW_MS = 500;

/**
 * Sends every frame of the source to its listeners. A ping ends each half second of simulated time, and the next one
 * begins only when every listener has read the one before the last: no frame is dropped, and no socket is ever more than
 * a second ahead of another. Resolves when all frames have been read.
 */
export async function play(playback: Playback): Promise<PlayedSource> {
  const { source, audience, faults, signal } = playback;
  const pace = createPace(playback);
  const played: PlayedSource = { frames: 0, lastMs: source.startMs, isComplete: false };
  let window = Math.floor(source.startMs / WINDOW_MS) - 1;
  for (const frame of source.frames()) {
    const windowNow = Math.floor(frame.atMs / WINDOW_MS);
    if (windowNow > window) {
      endWindow(audience, window);
      // After a pause of the market the window before would be more than a second back: everyone must have read it.
      await read(audience, windowNow === window + 1 ? window - 1 : window);
      // Timers and requests get their turn, even where nobody is waited for.
      if (windowNow % 32 === 0) await new Promise(setImmediate);
      window = windowNow;
    }
    if (pace.isEarly(frame.atMs)) {
      flush(audience);
      await pace.until(frame.atMs);
    }
    if (signal.aborted) return played;
    if (sendFrame(frame, audience, faults)) await drained(audience);
    played.frames++;
    played.lastMs = frame.atMs;
    pace.reached(frame.atMs);
  }
  endWindow(audience, window);
  await read(audience, window);
  pace.end();
  return { ...played, isComplete: !signal.aborted };
}

/** True where a listener has so much unsent that it should be waited for. */
function sendFrame(frame: Frame, audience: Audience, faults: Faults): boolean {
  let isFull = false;
  for (const connection of audience.listeners(frame.stream)) {
    if (faults.onFrame) faults.onFrame(frame, connection);
    else connection.send(frame.text);
    isFull ||= connection.isFull;
  }
  return isFull;
}

function endWindow({ connections }: Audience, window: number): void {
  for (const connection of connections) {
    connection.mark(window);
    connection.flush();
  }
}

function flush({ connections }: Audience): void {
  for (const connection of connections) connection.flush();
}

async function read({ connections }: Audience, window: number): Promise<void> {
  for (const connection of connections) if (!connection.hasRead(window)) await connection.read(window);
}

async function drained({ connections }: Audience): Promise<void> {
  for (const connection of connections) await connection.drained();
}

/** Keeps the exchange's clock, and tells when a frame is due by the local one. */
type Pace = {
  isEarly(atMs: number): boolean;
  /** Resolves when the frame is due, up to 5 ms late, or at once when the playback is stopped. */
  until(atMs: number): Promise<void>;
  reached(atMs: number): void;
  end(): void;
};

// Frames due within this time leave together: waking up for each millisecond costs more than sending.
const TICK_MS = 5;

function createPace({ speed, clock, wall, signal, source: { startMs } }: Playback): Pace {
  if (speed === 'max') {
    const reached = (atMs: number): void => clock.follow(atMs, 0);
    return { isEarly: () => false, until: () => Promise.resolve(), reached, end() {} };
  }
  const startedMs = wall.now();
  clock.follow(startMs, speed);
  const earlyMs = (atMs: number): number => startedMs + (atMs - startMs) / speed - wall.now();
  return {
    isEarly: (atMs) => earlyMs(atMs) >= 1,
    until: (atMs) =>
      wall
        .sleep(Math.max(TICK_MS, earlyMs(atMs)), signal)
        .catch((error) => (signal.aborted ? undefined : Promise.reject(error))),
    reached() {},
    end: () => clock.follow(clock.now(), 1),
  };
}
