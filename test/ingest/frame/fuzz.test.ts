// The recorder reads most frames without JSON.parse. Whatever the bytes of a frame, the row must be the one that JSON.parse and
// a few checks give, or none. TAPELAKE_FAULTS=full tries a million mutated frames, else some thousands.

import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Unreadable } from '../../../ingest/frame/fields.ts';
import { createFrameReader } from '../../../ingest/frame/read-frame.ts';
import type { Row } from '../../../ingest/frame/row.ts';
import { ROUTES, streamsOf } from '../../../ingest/frame/stream.ts';

const TRIES = process.env.TAPELAKE_FAULTS === 'full' ? 1_000_000 : 20_000;
const RECEIVED_MS = 1771263510100;

const FRAMES = [
  '{"stream":"ethusdt@depth20@100ms","data":{"e":"depthUpdate","E":1771263510195,"T":1771263510190,"s":"ETHUSDT","ps":"ETHUSDT","U":1,"u":2,"pu":0,"b":[["2505.11","145.815"],["2505.10","0.007"]],"a":[["2505.12","3.000"]],"st":1}}',
  '{"stream":"btcusdt@depth20@100ms","data":{"e":"depthUpdate","E":1721347022867,"T":1721347022864,"s":"BTCUSDT","U":4984028388334,"u":4984028390779,"pu":4984028388330,"b":[["63943.90","46.372"],["63943.80","9"]],"a":[]}}',
  '{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1771263510195,"a":3141966230,"s":"BTCUSDT","p":"68005.00","q":"2.695","nq":"2.695","f":7297376181,"l":7297376207,"T":1771263510041,"m":true,"st":1}}',
  '{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1721347022956,"a":2200000000,"s":"BTCUSDT","p":"63943.90","q":"0","f":5182005737,"l":5182005737,"T":1721347022956,"m":false}}',
];
/** What mutations put in: bytes that mean something in JSON or in a number, pieces of frames, and bytes that mean nothing. */
const PIECES = [
  ...'"\\,.:[]{}0123456789eE+- \n\t@',
  '\u0000', '\u007f', 'é', '00', '1e3', '.5', '5.', '-0', '""', '\\u0022', '],[', '["1","2"],', '["1","2","3"],', ',"b":[]', ',"a":[["1","2"]]',
  'false', '"nq":"1",', '"nq":null,', 'aggTrade', 'BTCUSDT',
  '"T":1771263510041,', '"st":1,', ',"st":-1', ',"ps":"X"', '9007199254740993', 'null', 'true', '@depth20@100ms', 'depthUpdate',
]; // biome-ignore format: a table

/** A small random generator, so that every run tries the same frames (mulberry32). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function mutated(random: (below: number) => number): Buffer {
  let frame = Buffer.from(FRAMES[random(FRAMES.length)] ?? '');
  for (let count = random(4); count >= 0; count--) {
    const at = random(frame.length + 1);
    const removed = random(3) === 0 ? random(12) : random(2);
    const piece = PIECES[random(PIECES.length)] ?? '';
    const inserted =
      [Buffer.from(piece), Buffer.from([random(256)]), Buffer.alloc(0)][random(3)] ?? Buffer.alloc(0);
    const rest = frame.subarray(Math.min(frame.length, at + removed));
    frame = Buffer.concat([frame.subarray(0, at), inserted, rest]);
  }
  return frame;
}

type Said = Pick<Row, 'stream' | 'symbol' | 'timeMs' | 'eventMs' | 'id'> & { line: string };

/** The row as JSON.parse and a few checks make it; undefined for a frame that is none. */
function naiveRow(frame: Buffer): Said | undefined {
  try {
    const { stream, data: d } = JSON.parse(frame.toString(), asWritten);
    const times = isTime(d.T) && isTime(d.E) && typeof d.s === 'string';
    if (times && d.e === 'depthUpdate' && stream.endsWith('@depth20@100ms') && isWhole(d.u)) {
      const fields = [d.T, side(d.b), side(d.a), d.u, d.E, RECEIVED_MS];
      return { stream, symbol: d.s, timeMs: d.T, eventMs: d.E, id: d.u, line: `${fields.join(',')}\n` };
    }
    const ids = isWhole(d.a) && isWhole(d.f) && isWhole(d.l) && d.f <= d.l && typeof d.m === 'boolean';
    if (times && ids && d.e === 'aggTrade' && stream.endsWith('@aggTrade')) {
      const noRpi = d.nq === undefined || d.nq === null ? '' : decimal(d.nq);
      const fields = [d.T, decimal(d.p), decimal(d.q), d.m, d.a, d.f, d.l, noRpi, d.E, RECEIVED_MS];
      return { stream, symbol: d.s, timeMs: d.T, eventMs: d.E, id: d.a, line: `${fields.join(',')}\n` };
    }
  } catch {}
  return undefined;
}

const said = ({ stream, symbol, timeMs, eventMs, id, line }: Row): Said => ({
  stream,
  symbol,
  timeMs,
  eventMs,
  id,
  line: line.toString(),
});

/** A number is nothing unless it is written in digits alone. */
const asWritten = (_: string, value: unknown, context?: { source?: string }): unknown =>
  typeof value === 'number' && String(value) !== context?.source ? Number.NaN : value;
const isWhole = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isTime = (value: unknown): boolean =>
  isWhole(value) && Number(value) >= Date.UTC(2000, 0) && Number(value) < Date.UTC(2100, 0);

function decimal(value: unknown): string {
  if (typeof value === 'string' && /^(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?$/.test(value)) return value;
  throw new Error('not a decimal');
}

function side(value: unknown): string {
  if (!Array.isArray(value)) throw new Error('not a side');
  const levels = value.map((level: unknown) => {
    if (!Array.isArray(level) || level.length !== 2) throw new Error('not a level');
    return `[${decimal(level[0])},${decimal(level[1])}]`;
  });
  return `"[${levels.join(',')}]"`;
}

describe('frames with random faults', () => {
  it(`${TRIES.toLocaleString('en')} of them give the row that JSON.parse gives, or none`, () => {
    const random = generator(20240718);
    const readFrame = createFrameReader(ROUTES.flatMap((route) => streamsOf(['BTCUSDT', 'ETHUSDT'], route)));
    let rows = 0;
    for (let i = 0; i < TRIES; i++) {
      const frame = mutated(random);
      const row = readFrame(Buffer.from(frame), RECEIVED_MS);
      const expected = naiveRow(frame);
      const found = row instanceof Unreadable ? undefined : said(row);
      if (!isDeepStrictEqual(found, expected))
        expect({ frame: frame.toString('latin1'), row: found }).toEqual({ row: expected });
      if (found) rows++;
    }
    expect(rows).toBeGreaterThan(TRIES / 100); // neither all are refused
    expect(rows).toBeLessThan(TRIES / 2); // nor most are taken
  }, 600_000);
});
