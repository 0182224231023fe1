// One way to take the frames of `sender.ts` up to the row, before any compression: `receiver.ts WAY PORT TOOLS [checked]`. At the end
// of the connection it prints the frames, the CPU time from the first one on, the bytes of all rows and, where asked for, their
// checksum.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Unreadable } from '../../ingest/frame/fields.ts';
import { createFrameReader } from '../../ingest/frame/read-frame.ts';
import { ROUTES, streamsOf } from '../../ingest/frame/stream.ts';
import { openConnection } from '../../ingest/socket/connection.ts';
import { ChunkFile } from '../../ingest/spool/chunk-file.ts';
import { SpareMemory } from '../../ingest/spool/spare-memory.ts';
import { MINUTE_MS } from '../../shared/time.ts';

/** A row, whose line is text or, until the next frame, bytes. */
type Taken = { kind: string; timeMs: number; line: string | Buffer };
/** Takes one frame; gives its row, or nothing. */
type Way = (frame: Buffer, receivedMs: number) => Taken | undefined;

const WAYS: Record<string, () => Way> = {
  nothing: () => () => undefined,
  json: () => jsonRow,
  tardis: tardisNormalizer,
  tapelake: tapelakeReader,
};

/** Any time will do, as long as all ways write the same one. */
const RECEIVED_MS = 1721347021346;
const [way = '', port = '', tools = '', checked = ''] = process.argv.slice(2);
const isChecked = checked === 'checked';
const take = WAYS[way]?.();
if (!take) throw new Error(`receive: no way ${way}`);

const memory = new SpareMemory();
/** The rows of the open minute of each kind, as each way would keep them for a chunk. */
const rows = new Map(['trades', 'depth'].map((kind) => [kind, emptyMinute(0)]));
let checksum = 0; // of all rows
let frames = 0;
let textBytes = 0;
let cpu = process.cpuUsage();
openConnection(`ws://127.0.0.1:${port}/all/stream`, {
  onOpen: () => {},
  onFrame: (frame) => {
    if (frames++ === 0) cpu = process.cpuUsage();
    const row = take(frame, RECEIVED_MS);
    if (row) keep(row);
  },
  onEnd: () => {
    const used = process.cpuUsage(cpu);
    for (const open of rows.values()) close(open);
    process.stdout.write(
      JSON.stringify({
        frames,
        cpuSeconds: (used.user + used.system) / 1e6,
        textBytes,
        checksum,
      }),
    );
  },
});

type Minute = { minute: number; lines: string[]; file: ChunkFile };

function emptyMinute(minute: number): Minute {
  return { minute, lines: [], file: new ChunkFile({ name: '', header: '' }, memory, () => {}) }; // never written: only its memory is used
}

function keep({ kind, timeMs, line }: Taken): void {
  let open = rows.get(kind) ?? emptyMinute(0);
  const minute = Math.floor(timeMs / MINUTE_MS);
  if (minute > open.minute) {
    close(open);
    open = emptyMinute(minute);
    rows.set(kind, open);
  }
  if (typeof line === 'string') open.lines.push(line);
  else open.file.append(line);
}

/** A minute's rows become one text, as they would for a chunk. */
function close({ lines, file }: Minute): void {
  const text = lines.length > 0 ? Buffer.from(lines.join('')) : file.unwritten;
  textBytes += text.length;
  if (isChecked) checksum = crc32(text, checksum);
  file.forget();
}

function tapelakeReader(): Way {
  const readFrame = createFrameReader(ROUTES.flatMap((route) => streamsOf(['BTCUSDT'], route)));
  return (frame, receivedMs) => {
    const row = readFrame(frame, receivedMs);
    if (row instanceof Unreadable) throw row;
    return row;
  };
}

/** As a recorder is usually written: JSON.parse and a template, nothing checked. */
function jsonRow(frame: Buffer, receivedMs: number): ReturnType<Way> {
  const { data: d } = JSON.parse(frame.toString());
  if (d.e === 'aggTrade') {
    const line = `${d.T},${d.p},${d.q},${d.m},${d.a},${d.f},${d.l},${d.nq ?? ''},${d.E},${receivedMs}\n`;
    return { kind: 'trades', timeMs: d.T, line };
  }
  const side = (levels: string[][]): string => `[${levels.map(([p, q]) => `[${p},${q}]`).join(',')}]`;
  return {
    kind: 'depth',
    timeMs: d.T,
    line: `${d.T},"${side(d.b)}","${side(d.a)}",${d.u},${d.E},${receivedMs}\n`,
  };
}

type Mapper = {
  canHandle(message: unknown): boolean;
  map(message: unknown, time: Date): Iterable<unknown> | undefined;
};
type Tardis = Record<'normalizeTrades' | 'normalizeBookChanges', (exchange: string, time: Date) => Mapper>;

/** tardis-dev's normalizers, up to their objects; rows are not written from them. */
function tardisNormalizer(): Way {
  const { normalizeTrades, normalizeBookChanges }: Tardis = createRequire(join(tools, 'package.json'))(
    'tardis-dev',
  );
  const time = new Date(RECEIVED_MS);
  const mappers = [normalizeTrades('binance-futures', time), normalizeBookChanges('binance-futures', time)];
  const drain = (events: Iterable<unknown> | undefined): void => {
    for (const _ of events ?? []);
  };
  let isFirst = true;
  return (frame) => {
    const message = JSON.parse(frame.toString());
    if (isFirst && message.data.e === 'depthUpdate') {
      isFirst = false;
      const data = { lastUpdateId: message.data.u, bids: [], asks: [] };
      drain(mappers[1]?.map({ stream: message.stream, data, generated: true }, time));
    }
    for (const mapper of mappers) {
      if (!mapper.canHandle(message)) continue;
      drain(mapper.map(message, time));
    }
    return undefined;
  };
}
