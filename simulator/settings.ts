import { requireDate } from '../shared/dates.ts';
import { UsageError } from '../shared/errors.ts';
import { SUMMARIES } from '../shared/program/commands.ts';
import { setting, toggle, type Values } from '../shared/program/setting.ts';
import { integer, list, positive } from '../shared/program/values.ts';
import type { Speed } from './playback.ts';

const MARKET = 'The random market';
const FAULTS = 'Faults';

/** `tapelake simulate`. */
export const SIMULATE = {
  name: 'tapelake simulate',
  summary: SUMMARIES.simulate,
  usage: '[--market | --replay FILE[,FILE]] [settings]',
  example: 'tapelake simulate --symbols BTCUSDT,ETHUSDT --speed 60',
  settings: {
    replay: setting({
      help: 'recorded files (.jsonl.gz) to play, separated by commas',
      value: 'FILES',
      read: list,
    }),
    market: toggle({ help: 'play a random market; so it does without --replay' }),
    speed: setting({
      help: 'max, or how many times faster than real time',
      value: 'SPEED',
      read: readSpeed,
      fallback: 'max',
    }),
    port: setting({
      help: 'port on 127.0.0.1, 0 for a free one',
      value: 'N',
      read: integer(0, 65_535),
      fallback: '0',
    }),
    waitStreams: setting({
      help: 'begin when so many streams are subscribed; unless given, all',
      value: 'N',
      read: integer(0),
    }),
    clock: setting({
      help: 'time the exchange reports, ISO 8601; unless given it goes with the streams',
      value: 'TIME',
      read: time,
    }),
    thenClose: toggle({ help: 'close all connections and exit when everything was read' }),
    symbols: setting({
      help: 'its symbols',
      value: 'LIST',
      read: list,
      fallback: 'BTCUSDT,ETHUSDT',
      group: MARKET,
    }),
    date: setting({
      help: 'its first day, YYYY-MM-DD',
      value: 'DATE',
      read: requireDate,
      fallback: '2024-07-18',
      group: MARKET,
    }),
    days: setting({ help: 'number of days', value: 'N', read: integer(1), fallback: '1', group: MARKET }),
    seed: setting({
      help: 'the same seed gives the same market',
      value: 'N',
      read: integer(0, 0xffff_ffff),
      fallback: '1',
      group: MARKET,
    }),
    depthMs: setting({
      help: 'one depth snapshot every so many ms',
      value: 'MS',
      read: integer(100),
      fallback: '1000',
      group: MARKET,
    }),
    tradesPerSecond: setting({
      help: 'mean trades a second and symbol',
      value: 'N',
      read: positive,
      fallback: '2',
      group: MARKET,
    }),
    faults: setting({
      help: 'so many faults at random times; by command: GET /simulator/fault?kind=KIND',
      value: 'N',
      read: integer(0),
      fallback: '0',
      group: FAULTS,
    }),
    faultsSeed: setting({
      help: 'seed of the faults',
      value: 'N',
      read: integer(0, 0xffff_ffff),
      fallback: '1',
      group: FAULTS,
    }),
  },
};

export type SimulatorSettings = Values<typeof SIMULATE.settings>;

function readSpeed(value: string, name: string): Speed {
  return value === 'max' ? value : positive(value, name);
}

function time(value: string, name: string): number {
  const timeMs = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(timeMs)) return timeMs;
  throw new UsageError(`${name} ${value}: not a time, write it like 2024-07-19T00:10:00Z`);
}
