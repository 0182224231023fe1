import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { AggTradeEvent, DepthEvent } from '../../shared/exchange/wire.ts';
import type { Snapshot, Trade } from './chunks.ts';

const FOLDER = resolve(import.meta.dirname, '../../../shared/data');

/** True where the recorded market data lies beside the repository. */
export const hasRecordings = existsSync(FOLDER);

/** The recordings of both symbols. */
export const RECORDINGS = ['btcusdt', 'ethusdt'].map((symbol) =>
  resolve(FOLDER, 'replay', `${symbol}-20240718T2357.jsonl.gz`),
);

/** The official klines of a file in the folder of klines, one list of fields a minute. */
export function recordedKlines(file: string): string[][] {
  const lines = readFileSync(resolve(FOLDER, 'klines', file), 'utf8')
    .trim()
    .split('\n');
  return lines.slice(1).map((line) => line.split(','));
}

/** The rows of a recording. */
export function recordedRows(file: string): { trades: Trade[]; depth: Snapshot[] } {
  const trades: Trade[] = [];
  const depth: Snapshot[] = [];
  for (const line of gunzipSync(readFileSync(resolve(FOLDER, 'replay', file)))
    .toString()
    .trim()
    .split('\n')) {
    const { data }: { data: AggTradeEvent | DepthEvent } = JSON.parse(line.slice(line.indexOf(' ') + 1));
    if (data.e === 'aggTrade') {
      const { T, p, q, m, a, f, l } = data;
      trades.push({ T, price: p, quantity: q, maker: m, id: a, first: f, last: l });
    } else depth.push({ T: data.T, u: data.u, bids: data.b, asks: data.a });
  }
  return { trades, depth };
}
