import type { LeaseContext, Owner } from '../../aggregate-job/plan/lease.ts';
import { type JobContext, runJob } from '../../aggregate-job/run.ts';
import type { JobSettings } from '../../aggregate-job/settings.ts';
import { ownThread, type Threads } from '../../aggregate-job/threads/threads.ts';
import { type ExchangeRest, exchangeRest } from '../../shared/exchange/rest.ts';
import { type Manifest, parseManifest } from '../../shared/lake/manifest.ts';
import { archiveObjectName, barsObjectName, manifestObjectName } from '../../shared/lake/object-names.ts';
import { createLog } from '../../shared/program/log.ts';
import type { Progress } from '../../shared/program/progress.ts';
import type { Store } from '../../shared/store/store.ts';
import type { Clock } from '../../shared/time.ts';
import { fakeClock } from '../shared/fake-clock.ts';
import { DATE, MORNING_AFTER, SYMBOL } from './market-day.ts';

/** What a test sets of a run; the rest is a run of the one day, of 1m bars, at the morning after, without the exchange. */
export type Run = {
  store: Store;
  /** REST address of the exchange; without it the run is offline. */
  url?: string;
  rest?: ExchangeRest | undefined;
  nowMs?: number;
  settings?: Partial<JobSettings>;
  lease?: Partial<Omit<LeaseContext, 'results'>>;
  clock?: Clock;
  threads?: Threads;
};

/** What came of a run: its exit code and the lines it logged, one object each. */
export type Ran = { code: number; log: Record<string, unknown>[] };

/** Runs the whole job in this process. */
export async function runDay(run: Run): Promise<Ran> {
  const log: Record<string, unknown>[] = [];
  const code = await runJob(jobContext(run, log));
  return { code, log };
}

/** What {@link runDay} gives the job. */
export function jobContext(run: Run, lines: Record<string, unknown>[] = []): JobContext {
  const { store, url, nowMs = MORNING_AFTER, settings = {} } = run;
  const log = createLog('aggregate-job', { write: (line) => lines.push(JSON.parse(line)) });
  return {
    raw: store,
    results: store,
    settings: { ...SETTINGS, raw: store.url, results: store.url, ...settings },
    rest: run.rest ?? (url === undefined ? undefined : restAt(url, run.clock)),
    nowMs,
    lease: {
      owner: { host: 'here', process: process.pid, task: '' },
      clock: stoppedClock(nowMs),
      isGone: () => false,
      ...run.lease,
    },
    log,
    threads: run.threads ?? ownThread(),
    showProgress: () => SILENT,
    codeVersion: '0.0.0-test',
  };
}

/** The exchange's REST interface on a clock that sleeps in no time. */
export function restAt(url: string, clock: Clock = fakeClock()): ExchangeRest {
  return exchangeRest({ baseUrl: url, clock, random: () => 0.5, weightShare: 1, deadlineMs: 5_000 });
}

const SETTINGS: Omit<JobSettings, 'raw' | 'results'> = {
  symbols: [SYMBOL],
  from: DATE,
  to: DATE,
  resolutions: [{ name: '1m', seconds: 60 }],
  keepRaw: false,
  offline: false,
  strict: false,
  repairMaxIds: 5_000_000,
  restWeightShare: 1,
  restUrl: '',
  readsAtOnce: 32,
};

/** A clock that stands: a sleep on it ends only when it is aborted. */
function stoppedClock(nowMs: number): Clock {
  return {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: (_, signal) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
  };
}

const SILENT: Progress = { step() {}, update() {}, end() {} };

/** True for a process of this machine that has ended. */
export function isGone(owner: Owner): boolean {
  try {
    process.kill(owner.process, 0);
    return false;
  } catch {
    return true;
  }
}

/** All objects of a store, by name. */
export type Objects = ReadonlyMap<string, Buffer>;

export function manifestIn(objects: Objects, date = DATE): Manifest {
  return parseManifest(textIn(objects, manifestObjectName(SYMBOL, date)));
}

export function barsIn(objects: Objects, date = DATE): string {
  return textIn(objects, barsObjectName(SYMBOL, date, '1m'));
}

export function zipIn(objects: Objects, date = DATE): Buffer {
  return objectIn(objects, archiveObjectName(SYMBOL, date));
}

/** Names of all objects under a prefix, in order. */
export function namesIn(objects: Objects, prefix: string): string[] {
  return [...objects.keys()].filter((name) => name.startsWith(prefix)).sort();
}

/** Every result of a day, by name: what two runs are compared by. */
export function resultsIn(objects: Objects): Record<string, string> {
  const names = [...namesIn(objects, 'aggregated/'), ...namesIn(objects, 'archive/')];
  return Object.fromEntries(names.map((name) => [name, objectIn(objects, name).toString('latin1')]));
}

function textIn(objects: Objects, name: string): string {
  return objectIn(objects, name).toString();
}

function objectIn(objects: Objects, name: string): Buffer {
  const bytes = objects.get(name);
  if (!bytes) throw new Error(`read ${name}: it is not there`);
  return bytes;
}
