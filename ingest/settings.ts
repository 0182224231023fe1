import { randomBytes } from 'node:crypto';
import { integer, list, readSettings, setting, settingsHelp, text, toggle } from '../shared/config.ts';
import { UsageError } from '../shared/errors.ts';
import { isSymbol, isWriter, NO_SYMBOL, REPAIR_WRITER } from '../shared/object-names.ts';
import { SECOND_MS } from '../shared/time.ts';
import type { SymbolChoice } from './exchange/symbols.ts';
import type { RecorderOptions } from './recorder.ts';

const SETTINGS = {
  symbols: setting(
    'symbols to record: BTCUSDT,ETHUSDT or, for all perpetuals in an asset, all:USDT',
    symbolChoice,
  ),
  store: setting('folder or gs://bucket[/prefix] that holds everything', text),
  raw: setting('folder or gs://bucket[/prefix] for the chunks, instead of --store', text),
  writerId: setting('names this recorder in its chunks; the host name unless given', writerId),
  wsUrl: setting('where the streams come from', url('ws')),
  restUrl: setting("the exchange's REST side", url('http')),
  chunkMinutes: setting('minutes a chunk covers: 1, 5 or 15', chunkMinutes, 1),
  spool: setting('folder on the local disk where rows are kept until they are stored', text, 'spool'),
  spoolMaxBytes: setting(
    'bytes the spool may take; beyond them rows are shed, depth first',
    integer(1_048_576),
    2_147_483_648,
  ),
  port: setting('port for /livez, /healthz and /metrics; none unless given', integer(0, 65_535)),
  host: setting('address on which that port listens', text, '127.0.0.1'),
  staleAfterS: setting('seconds without a frame after which a stream is looked into', integer(1, 3_600), 30),
  connectionMaxS: setting('age in seconds before which a connection is replaced', integer(1, 86_400), 82_800),
  help: toggle('show this'),
};

/** Everything the recorder needs to know, and where its chunks go. */
export type IngestSettings = RecorderOptions & { rawUrl: string };

const LIVE = { wsUrl: 'wss://fstream.binance.com', restUrl: 'https://fapi.binance.com' };

/** Reads the recorder's settings; the text of the help where that is asked for. @throws UsageError */
export function readIngestSettings(
  argv: string[],
  env: NodeJS.ProcessEnv,
  hostName: string,
): IngestSettings | string {
  const settings = readSettings(SETTINGS, argv, env);
  if (settings.help) return `Records market data into one-minute chunks.\n\n${settingsHelp(SETTINGS)}\n`;
  const { symbols, store, raw, writerId, wsUrl, restUrl, chunkMinutes, spool, spoolMaxBytes, port, host } =
    settings;
  if (!symbols) throw new UsageError('--symbols is missing, write e.g. --symbols BTCUSDT,ETHUSDT');
  const rawUrl = raw ?? store;
  if (!rawUrl) throw new UsageError('--store is missing, write --store FOLDER or --raw gs://bucket');
  return {
    choice: symbols,
    rawUrl,
    writer: writerName(writerId ?? hostName),
    wsUrl: wsUrl ?? LIVE.wsUrl,
    // Another exchange's streams are never judged by what the live one says.
    restUrl: restUrl ?? (wsUrl === undefined ? LIVE.restUrl : undefined),
    chunkMinutes,
    spool,
    spoolMaxBytes,
    port,
    host,
    staleAfterMs: settings.staleAfterS * SECOND_MS,
    connectionMaxMs: settings.connectionMaxS * SECOND_MS,
  };
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

function symbolChoice(value: string, name: string): SymbolChoice {
  if (!value.startsWith('all:')) return { symbols: symbolList(value, name) };
  const quoteAsset = value.slice('all:'.length).toUpperCase();
  if (/^[A-Z0-9]+$/.test(quoteAsset)) return { quoteAsset };
  throw new UsageError(`${name} ${value}: name a quote asset, e.g. all:USDT`);
}

function symbolList(value: string, name: string): string[] {
  const symbols = list(value, name);
  const wrong = symbols.find((symbol) => !isSymbol(symbol) || symbol === NO_SYMBOL);
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
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const isBase = url && url.search === '' && url.hash === '';
    // As the parser writes it, so that credentials are known wherever the address turns up.
    if (isBase && new RegExp(`^${scheme}s?:$`).test(url.protocol)) return url.href.replace(/\/+$/, '');
    throw new UsageError(`${name} ${shown(value)}: not an address, write ${scheme}s://HOST`);
  };
}

/** A wrong address without what may be a secret in it. */
function shown(address: string): string {
  return address.replace(/^.*@/s, '***@').replace(/[?#].*$/s, '');
}

function chunkMinutes(value: string, name: string): number {
  const minutes = [1, 5, 15].find((choice) => String(choice) === value);
  if (minutes !== undefined) return minutes;
  throw new UsageError(`${name} ${value}: choose 1, 5 or 15`);
}
