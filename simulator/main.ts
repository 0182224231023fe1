import { cacheCompiledCode } from '../shared/program/compile-cache.ts';
import type { Speed } from './playback.ts';
import type { Source } from './source/source.ts';

cacheCompiledCode();
const { helpText, integer, list, readSettings, setting, toggle } = await import(
  '../shared/program/settings.ts'
);
const { requireDate } = await import('../shared/dates.ts');
const { UsageError } = await import('../shared/errors.ts');
const { runProgram } = await import('../shared/program/run-program.ts');
const { isoMillisecond, systemClock } = await import('../shared/time.ts');
const { startExchange } = await import('./exchange.ts');
const { FAULT_KINDS, planFaults } = await import('./faulty/kinds.ts');
const { createFaultyStage } = await import('./faulty/stage.ts');
const { createMarket, wholeDays } = await import('./market/market.ts');
const { createRandom } = await import('./market/random.ts');
const { openReplay } = await import('./recording/replay.ts');

const SETTINGS = {
  replay: setting('recorded files (.jsonl.gz) to play, separated by commas', list),
  market: toggle('play a random market; so it does without --replay'),
  symbols: setting('symbols of the market', list, ['BTCUSDT', 'ETHUSDT']),
  date: setting('first day of the market, YYYY-MM-DD', requireDate, '2024-07-18'),
  days: setting('number of days', integer(1), 1),
  seed: setting('seed of the market', integer(0, 0xffff_ffff), 1),
  depthMs: setting('one depth snapshot every so many ms', integer(100), 1_000),
  tradesPerSecond: setting('mean trades a second and symbol', number, 2),
  speed: setting('max, or how many times faster than real time', readSpeed, 'max'),
  port: setting('port on 127.0.0.1, 0 for a free one', integer(0, 65_535), 0),
  waitStreams: setting('begin when so many streams are subscribed; unless given, all', integer(0)),
  clock: setting('time the exchange reports, ISO 8601; unless given it goes with the streams', time),
  faults: setting(
    'so many faults at random times; by command: GET /simulator/fault?kind=KIND',
    integer(0),
    0,
  ),
  faultsSeed: setting('seed of the faults', integer(0, 0xffff_ffff), 1),
  thenClose: toggle('close all connections and exit when everything was read'),
};

const help = (): string => helpText('A local exchange.', SETTINGS);

await runProgram(help, async (argv) => {
  const settings = readSettings(SETTINGS, argv, process.env);
  const { speed, port, waitStreams, clock } = settings;
  const source = openSource(settings);
  const random = createRandom(settings.faultsSeed);
  const plan = planFaults(source, FAULT_KINDS, settings.faults, random);
  const exchange = await startExchange({
    source,
    speed,
    port,
    faults: createFaultyStage({ random, wall: systemClock, plan }).faults,
    ...(waitStreams === undefined ? {} : { waitStreams }),
    ...(clock === undefined ? {} : { clockMs: clock }),
  });
  process.stdout.write(`listening ${exchange.url} ${exchange.wsUrl}\n`);
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  void stopped.then(() => exchange.close());
  const { frames, lastMs, isComplete } = await exchange.ended;
  if (!isComplete) return 0;
  process.stdout.write(`ended ${frames} frames, the last at ${isoMillisecond(lastMs)}\n`);
  if (settings.thenClose) {
    await exchange.closeConnections();
    await exchange.close();
  } else await stopped;
  return 0;
});

function openSource(settings: {
  replay: string[] | undefined;
  market: boolean;
  symbols: string[];
  date: string;
  days: number;
  seed: number;
  depthMs: number;
  tradesPerSecond: number;
}): Source {
  const { replay, market, symbols, date, days, seed, depthMs, tradesPerSecond } = settings;
  if (replay && market) throw new UsageError('what to play: give either --replay FILE[,FILE] or --market');
  if (replay) return openReplay(replay);
  return createMarket({ seed, symbols, ...wholeDays(date, days), depthEveryMs: depthMs, tradesPerSecond });
}

function readSpeed(value: string, name: string): Speed {
  return value === 'max' ? value : number(value, name);
}

function number(value: string, name: string): number {
  if (/^\d+(\.\d+)?$/.test(value) && Number(value) > 0) return Number(value);
  throw new UsageError(`${name} ${value}: not a number above 0`);
}

function time(value: string, name: string): number {
  const timeMs = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(timeMs)) return timeMs;
  throw new UsageError(`${name} ${value}: not a time, write it like 2024-07-19T00:10:00Z`);
}
