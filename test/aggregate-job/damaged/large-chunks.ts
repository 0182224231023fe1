import { gzipSync } from 'node:zlib';
import { DEPTH_HEADER } from '../../../shared/lake/depth.ts';
import type { RawKind } from '../../../shared/lake/object-names.ts';
import { TRADE_HEADER } from '../../../shared/lake/trade.ts';
import { MAX_CHUNK_BYTES, MAX_PLACES, MAX_ROW_BYTES, MAX_WHOLE_DIGITS } from '../../../shared/limits.ts';
import { DAY_START } from '../market-day.ts';

/** A chunk as large, or as many times something, as may be or as may not be, and what is to be found in it. */
export type LargeChunk = {
  kind: RawKind;
  packed(): Buffer;
  /** Trades or two-sided snapshots to be found; undefined for a chunk that is rejected whole. */
  found: number | undefined;
};

const T = DAY_START + 60_000;
/** Text that is made again and again is made in parts of this size. */
const PART_BYTES = 2 ** 20;

const USUAL = `${T},63943.90,0.046,true,1000000000,5000000000,5000000001,0.046,${T + 5},${T + 2}\n`;
const SHORTEST = `${T},1,1,true,1000000000,1,1,,,\n`;
const SHORTEST_DEPTH = `${T},[],[],1,,\n`;
const LARGEST_NUMBER = `${'9'.repeat(MAX_WHOLE_DIGITS)}.${'9'.repeat(MAX_PLACES)}`;

/** By what they are. */
export const LARGE_CHUNKS: Readonly<Record<string, LargeChunk>> = {
  'trades, as large as may be': rowsOf('trades', USUAL, MAX_CHUNK_BYTES),
  'the shortest trades, as large as may be': rowsOf('trades', SHORTEST, MAX_CHUNK_BYTES),
  'the same trade again and again': sameRow('trades', SHORTEST, MAX_CHUNK_BYTES, 1),
  'trades with the largest numbers': rowsOf(
    'trades',
    `${T},${LARGEST_NUMBER},${LARGEST_NUMBER},true,1000000000,1,1,,,\n`,
    8 * 2 ** 20,
  ),
  'the shortest snapshots, as large as may be': sameRow('depth', SHORTEST_DEPTH, MAX_CHUNK_BYTES, 0),
  'rows as long as may be': longRows(MAX_ROW_BYTES, true),
  'rows longer than may be': longRows(MAX_ROW_BYTES + 1, false),
  'one row without an end': sameRow('trades', 'x'.repeat(64), MAX_CHUNK_BYTES, 0),
  'empty lines': sameRow('trades', '\n', MAX_CHUNK_BYTES, 0),
  'bad rows': sameRow('trades', 'bad\n', MAX_CHUNK_BYTES, 0),
  'trades, a byte more than may be': beyond(rowsOf('trades', USUAL, MAX_CHUNK_BYTES + 1)),
  'trades, ten times what may be': beyond(sameRow('trades', USUAL, 10 * MAX_CHUNK_BYTES, 0)),
  'zeros, twenty times what may be': beyond(sameRow('trades', '\0'.repeat(64), 20 * MAX_CHUNK_BYTES, 0)),
  'many members, twenty times what may be': {
    kind: 'trades',
    packed: () => {
      const member = gzipSync(USUAL.repeat(PART_BYTES / USUAL.length), { level: 1 });
      return Buffer.concat([gzipSync(`${TRADE_HEADER}\n`), ...Array(20 * 128).fill(member)]);
    },
    found: undefined,
  },
};

/** Rows with ids of their own, ten digits each, up to so many bytes with the header. */
function rowsOf(kind: RawKind, row: string, bytes: number): LargeChunk {
  const header = Buffer.from(`${TRADE_HEADER}\n`);
  const rows = Math.floor((bytes - header.length) / row.length);
  const packed = (): Buffer => {
    const text = Buffer.alloc(header.length + rows * row.length);
    header.copy(text);
    const idAt = row.indexOf('1000000000');
    for (let i = 0; i < rows; i++) {
      const start = header.length + i * row.length;
      text.write(row, start, 'latin1');
      text.write(String(1_000_000_000 + i), start + idAt, 'latin1');
    }
    // the last bytes that no row fits in are digits of the last receive time
    const spare = '5'.repeat(bytes - text.length);
    return gzipSync(Buffer.concat([text.subarray(0, -1), Buffer.from(`${spare}\n`)]), { level: 1 });
  };
  return { kind, found: rows, packed };
}

/** One row again and again; packed part by part, each part the same bytes, so that a large one takes no time. */
function sameRow(kind: RawKind, row: string, bytes: number, found: number): LargeChunk {
  const header = `${kind === 'trades' ? TRADE_HEADER : DEPTH_HEADER}\n`;
  const packed = (): Buffer => {
    const repeats = Math.floor(PART_BYTES / row.length);
    const part = gzipSync(row.repeat(repeats), { level: 1 });
    const parts = Math.floor((bytes - header.length) / (repeats * row.length));
    return Buffer.concat([gzipSync(header), ...Array(parts).fill(part)]);
  };
  return { kind, found, packed };
}

function beyond(chunk: LargeChunk): LargeChunk {
  return { ...chunk, found: undefined };
}

/** A dozen rows of so many bytes each; a row's fields are short, its quotes are not. */
function longRows(bytes: number, isTaken: boolean): LargeChunk {
  const count = 12;
  const packed = (): Buffer => {
    const lines = Array.from({ length: count }, (_, i) => {
      const [start, end] = [`${T + i},"[[1.5,2],[1.4,`, `]]","[[1.6,2]]",${i},,`];
      return start + '2'.repeat(bytes - start.length - end.length) + end;
    });
    return gzipSync(`${[DEPTH_HEADER, ...lines].join('\n')}\n`, { level: 1 });
  };
  return { kind: 'depth', packed, found: isTaken ? count : 0 };
}
