import { gunzipSync } from 'node:zlib';
import { DEPTH_HEADER } from '../../shared/lake/depth.ts';
import { parseChunkName, parseOddName, rawPrefix } from '../../shared/lake/object-names.ts';
import { TRADE_HEADER } from '../../shared/lake/trade.ts';
import type { Store } from '../../shared/store/store.ts';
import { dayStartMs, MINUTE_MS } from '../../shared/time.ts';

/** A stored chunk, taken apart and checked: its rows as text, without their receive time. */
export type StoredRows = {
  symbol: string;
  kind: string;
  startMs: number;
  writer: string;
  n: number;
  rows: string[];
};

/** Reads every chunk of rows in a store. @throws where one is not a gzip member with the header and whole lines of its kind. */
export async function readChunks(store: Store): Promise<StoredRows[]> {
  const chunks: StoredRows[] = [];
  for await (const { name } of store.list(rawPrefix())) {
    const [, symbol = '', date = '', ...rest] = name.split('/');
    if (parseOddName(rest.join('/'))) continue;
    const chunk = parseChunkName(rest.join('/'));
    const stored = await store.read(name);
    if (!chunk || !stored) throw new Error(`read ${name}: not a chunk`);
    const { kind, minute, writer, n } = chunk;
    const rows = rowsOf(stored.bytes, kind === 'trades' ? TRADE_HEADER : DEPTH_HEADER, name);
    chunks.push({ symbol, kind, startMs: dayStartMs(date) + minute * MINUTE_MS, writer, n, rows });
  }
  return chunks;
}

function rowsOf(bytes: Buffer, header: string, name: string): string[] {
  const [first, ...lines] = gunzipSync(bytes).toString().split('\n');
  if (first !== header || lines.pop() !== '')
    throw new Error(`read ${name}: not whole lines under its header`);
  return lines.map((line) => line.slice(0, line.lastIndexOf(',')));
}

/** The row a frame must become, by plain JSON.parse, without its receive time. */
export function expectedRow(text: string): { symbol: string; kind: string; timeMs: number; row: string } {
  const { stream, data: d } = JSON.parse(text);
  const side = (levels: unknown) => `"${JSON.stringify(levels).replaceAll('"', '')}"`;
  const row = stream.endsWith('@aggTrade')
    ? [d.T, d.p, d.q, d.m, d.a, d.f, d.l, d.nq, d.E]
    : [d.T, side(d.b), side(d.a), d.u, d.E];
  const kind = stream.endsWith('@aggTrade') ? 'trades' : 'depth';
  return { symbol: d.s, kind, timeMs: d.T, row: row.join(',') };
}
