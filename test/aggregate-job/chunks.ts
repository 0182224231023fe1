import { gzipSync } from 'node:zlib';
import { DEPTH_HEADER } from '../../shared/lake/depth.ts';
import { chunkObjectName, type RawKind } from '../../shared/lake/object-names.ts';
import { TRADE_HEADER } from '../../shared/lake/trade.ts';
import type { Store } from '../../shared/store/store.ts';
import { dateOf, dayStartMs, MINUTE_MS } from '../../shared/time.ts';

/** A trade as tests write it. Times are ms UTC; texts are written as they are. */
export type Trade = {
  T: number;
  price: string;
  quantity: string;
  maker: boolean;
  id: number;
  first: number;
  last: number;
};

/** A snapshot as tests write it; levels are [price, quantity], best first. */
export type Snapshot = { T: number; u: number; bids: [string, string][]; asks: [string, string][] };

export function tradeLine({ T, price, quantity, maker, id, first, last }: Trade): string {
  return `${T},${price},${quantity},${maker},${id},${first},${last},${quantity},${T + 5},${T - 1500}`;
}

export function depthLine({ T, u, bids, asks }: Snapshot): string {
  const side = (levels: [string, string][]): string =>
    `"[${levels.map(([p, q]) => `[${p},${q}]`).join(',')}]"`;
  return `${T},${side(bids)},${side(asks)},${u},${T + 3},${T - 1500}`;
}

/** The gzipped text of a chunk. */
export function chunkBytes(kind: RawKind, lines: string[]): Buffer {
  return gzipSync(`${[kind === 'trades' ? TRADE_HEADER : DEPTH_HEADER, ...lines].join('\n')}\n`, {
    level: 6,
  });
}

/** Writes rows as one-minute chunks of `writer`, each row in the minute of its own time. */
export async function writeRows(
  store: Store,
  symbol: string,
  writer: string,
  rows: { trades?: Trade[]; depth?: Snapshot[] },
): Promise<void> {
  await writeKind(
    store,
    symbol,
    writer,
    'trades',
    (rows.trades ?? []).map((trade) => [trade.T, tradeLine(trade)]),
  );
  await writeKind(
    store,
    symbol,
    writer,
    'depth',
    (rows.depth ?? []).map((snapshot) => [snapshot.T, depthLine(snapshot)]),
  );
}

async function writeKind(
  store: Store,
  symbol: string,
  writer: string,
  kind: RawKind,
  rows: [T: number, line: string][],
): Promise<void> {
  const minutes = Map.groupBy(rows, ([T]) => Math.floor(T / MINUTE_MS));
  for (const [minute, members] of minutes) {
    const date = dateOf(minute * MINUTE_MS);
    const name = chunkObjectName(symbol, date, {
      kind,
      minute: (minute * MINUTE_MS - dayStartMs(date)) / MINUTE_MS,
      writer,
      n: 0,
    });
    await store.create(
      name,
      chunkBytes(
        kind,
        members.map(([, line]) => line),
      ),
    );
  }
}
