import { randomBytes } from 'node:crypto';
import { UsageError } from '../shared/errors.ts';
import { isSymbol, isWriter, NO_SYMBOL, REPAIR_WRITER } from '../shared/lake/object-names.ts';
import { SUMMARIES } from '../shared/program/commands.ts';
import { setting, type Values } from '../shared/program/setting.ts';
import { address, integer, list, text } from '../shared/program/values.ts';
import { SECOND_MS } from '../shared/time.ts';
import type { SymbolChoice } from './exchange/symbols.ts';
import type { RecorderOptions } from './recorder.ts';

const WHERE = 'Where';
const TUNING = 'Tuning';

/** `tapelake record`. */
export const RECORD = {
  name: 'tapelake record',
  summary: SUMMARIES.record,
  usage: '--symbols LIST --store URL [settings]',
  example: 'tapelake record --symbols BTCUSDT,ETHUSDT --store lake',
  settings: {
    symbols: setting({
      help: 'BTCUSDT,ETHUSDT or, for every perpetual that trades in an asset, all:USDT (looked up again each hour)',
      value: 'LIST',
      read: symbolChoice,
      required: 'BTCUSDT,ETHUSDT',
      env: 'SYMBOLS',
    }),
    store: setting({
      help: 'folder or gs://bucket[/prefix] that holds everything',
      value: 'URL',
      read: text,
      env: 'STORE',
    }),
    raw: setting({
      help: 'folder or gs://bucket[/prefix] for the chunks, instead of --store',
      value: 'URL',
      read: text,
      env: 'RAW',
    }),
    spool: setting({
      help: 'folder on the local disk where rows are kept until they are stored; several recorders may share it',
      value: 'FOLDER',
      read: text,
      fallback: 'spool',
      group: WHERE,
      env: 'SPOOL',
    }),
    writerId: setting({
      help: 'names this recorder in its chunks, 64 random bits are added for each run; the host name unless given',
      value: 'NAME',
      read: writerId,
      group: WHERE,
      env: 'WRITER_ID',
    }),
    wsUrl: setting({
      help: 'where the streams come from, another exchange such as the simulator, with user and password before its host where it wants them (no log shows them); with --ws-url alone nothing is asked over REST',
      value: 'URL',
      read: address('ws'),
      group: WHERE,
      env: 'WS_URL',
    }),
    restUrl: setting({
      help: "the exchange's REST side",
      value: 'URL',
      read: address('http'),
      group: WHERE,
      env: 'REST_URL',
    }),
    port: setting({
      help: 'answers /livez, /healthz and /metrics; none unless given',
      value: 'N',
      read: integer(0, 65_535),
      group: WHERE,
      env: 'PORT',
    }),
    host: setting({
      help: 'the address on which that port listens; 0.0.0.0 in the image',
      value: 'ADDRESS',
      read: text,
      fallback: '127.0.0.1',
      group: WHERE,
      env: 'HOST',
    }),
    chunkMinutes: setting({
      help: 'minutes a chunk covers, more for fewer objects with hundreds of symbols',
      value: 'N',
      choices: ['1', '5', '15'],
      read: Number,
      fallback: '1',
      group: TUNING,
      env: 'CHUNK_MINUTES',
    }),
    spoolMaxBytes: setting({
      help: 'bytes the spool may take; beyond them rows are shed, depth first',
      value: 'N',
      read: integer(1_048_576),
      fallback: '2147483648',
      group: TUNING,
      env: 'SPOOL_MAX_BYTES',
    }),
    staleAfterS: setting({
      help: 'seconds without a frame after which a stream is looked into',
      value: 'N',
      read: integer(1, 3_600),
      fallback: '30',
      group: TUNING,
      env: 'STALE_AFTER_S',
    }),
    connectionMaxS: setting({
      help: 'age in seconds before which a connection is replaced (the exchange ends it at 86,400)',
      value: 'N',
      read: integer(1, 86_400),
      fallback: '82800',
      group: TUNING,
      env: 'CONNECTION_MAX_S',
    }),
  },
};

/** Everything the recorder needs to know, and where its chunks go. */
export type IngestSettings = RecorderOptions & { rawUrl: string };

const LIVE = { wsUrl: 'wss://fstream.binance.com', restUrl: 'https://fapi.binance.com' };

/** Checks what belongs together. @throws UsageError */
export function recorderSettings(given: Values<typeof RECORD.settings>, hostName: string): IngestSettings {
  const { symbols, store, raw, writerId, wsUrl, restUrl, chunkMinutes, spool, spoolMaxBytes, port, host } =
    given;
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
    staleAfterMs: given.staleAfterS * SECOND_MS,
    connectionMaxMs: given.connectionMaxS * SECOND_MS,
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
