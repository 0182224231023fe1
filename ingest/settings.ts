import { randomBytes } from 'node:crypto';
import { list, readSettings, setting, settingsHelp, text, toggle } from '../shared/config.ts';
import { UsageError } from '../shared/errors.ts';
import { isSymbol, isWriter, REPAIR_WRITER } from '../shared/object-names.ts';

const SETTINGS = {
  symbols: setting('symbols to record, e.g. BTCUSDT,ETHUSDT', symbols),
  store: setting('folder or gs://bucket[/prefix] that holds everything', text),
  raw: setting('folder or gs://bucket[/prefix] for the chunks, instead of --store', text),
  writerId: setting('names this recorder in its chunks; the host name unless given', writerId),
  wsUrl: setting('where the streams come from', url('ws'), 'wss://fstream.binance.com'),
  restUrl: setting("the exchange's REST interface", url('http'), 'https://fapi.binance.com'),
  chunkMinutes: setting('minutes a chunk covers: 1, 5 or 15', chunkMinutes, 1),
  help: toggle('show this'),
};

export type IngestSettings = {
  symbols: string[];
  rawUrl: string;
  writer: string;
  wsUrl: string;
  restUrl: string;
  chunkMinutes: number;
};

/** Reads the recorder's settings; the text of the help where that is asked for. @throws UsageError */
export function readIngestSettings(
  argv: string[],
  env: NodeJS.ProcessEnv,
  hostName: string,
): IngestSettings | string {
  const { help, symbols, store, raw, writerId, ...rest } = readSettings(SETTINGS, argv, env);
  if (help) return `Records market data into one-minute chunks.\n\n${settingsHelp(SETTINGS)}\n`;
  if (!symbols) throw new UsageError('--symbols is missing, write e.g. --symbols BTCUSDT,ETHUSDT');
  const rawUrl = raw ?? store;
  if (!rawUrl) throw new UsageError('--store is missing, write --store FOLDER or --raw gs://bucket');
  return { ...rest, symbols, rawUrl, writer: writerName(writerId ?? hostName) };
}

/** A recorder's run: its id in the letters object names allow, and 64 random bits, so no two runs ever write the same object. */
function writerName(id: string): string {
  const letters = id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40);
  return `${letters || 'recorder'}-${randomBytes(8).toString('hex')}`;
}

function symbols(value: string, name: string): string[] {
  const symbols = list(value, name);
  const wrong = symbols.find((symbol) => !isSymbol(symbol));
  if (wrong === undefined) return symbols;
  throw new UsageError(`${name} ${wrong}: not a symbol, write it as the exchange does, e.g. BTCUSDT`);
}

function writerId(value: string, name: string): string {
  if (value === REPAIR_WRITER)
    throw new UsageError(`${name} ${value}: kept for the job's repairs, take another name`);
  if (isWriter(value) && value.length <= 40) return value;
  throw new UsageError(`${name} ${value}: write at most 40 small letters, digits and hyphens`);
}

function url(scheme: 'ws' | 'http'): (value: string, name: string) => string {
  return (value, name) => {
    if (URL.canParse(value) && new RegExp(`^${scheme}s?://`).test(value)) return value.replace(/\/+$/, '');
    throw new UsageError(`${name} ${value}: not an address, write ${scheme}s://HOST`);
  };
}

function chunkMinutes(value: string, name: string): number {
  const minutes = [1, 5, 15].find((choice) => String(choice) === value);
  if (minutes !== undefined) return minutes;
  throw new UsageError(`${name} ${value}: choose 1, 5 or 15`);
}
