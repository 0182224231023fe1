import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { Unreadable } from '../../ingest/frame/fields.ts';
import { createFrameReader } from '../../ingest/frame/read-frame.ts';
import type { Row } from '../../ingest/frame/row.ts';
import { ROUTES, type Stream, streamsOf } from '../../ingest/stream.ts';
import { DEPTH_COLUMNS } from '../../shared/schema/depth.ts';
import { TRADE_COLUMNS } from '../../shared/schema/trade.ts';

const TRADE = {
  e: 'aggTrade',
  E: 1771263510195,
  a: 3141966230,
  s: 'BTCUSDT',
  p: '68005.00',
  q: '2.695',
  nq: '2.695',
  f: 7297376181,
  l: 7297376207,
  T: 1771263510041,
  m: true,
  st: 1,
};
const DEPTH = {
  e: 'depthUpdate',
  E: 1771263510195,
  T: 1771263510190,
  s: 'ETHUSDT',
  U: 1,
  u: 2,
  pu: 0,
  b: [
    ['2505.11', '145.815'],
    ['2505.10', '0.007'],
  ],
  a: [['2505.12', '3.000']],
};

/** A row with its line as text. */
type Told = Omit<Row, 'line'> & { line: string };

const STREAMS = ROUTES.flatMap((route) => streamsOf(['BTCUSDT', 'ETHUSDT'], route));

function reader(streams: readonly Stream[]): (frame: Buffer) => Told | Unreadable {
  const readFrame = createFrameReader(streams);
  return (frame) => {
    const row = readFrame(frame, 5);
    return row instanceof Unreadable ? row : { ...row, line: row.line.toString() };
  };
}

const readFrame = reader(STREAMS);
const read = (stream: string, data: unknown): Told | Unreadable =>
  readFrame(Buffer.from(JSON.stringify({ stream, data })));
const readTrade = (changes: Record<string, unknown> = {}) =>
  read('btcusdt@aggTrade', { ...TRADE, ...changes });
const readDepth = (changes: Record<string, unknown> = {}) =>
  read('ethusdt@depth20@100ms', { ...DEPTH, ...changes });

function lineOf(row: Told | Unreadable): string {
  if (row instanceof Unreadable) throw row;
  return row.line;
}

describe('a trade frame', () => {
  it('becomes a row with the exchange’s own text', () => {
    expect(readTrade()).toEqual({
      stream: 'btcusdt@aggTrade',
      symbol: 'BTCUSDT',
      kind: 'trades',
      timeMs: 1771263510041,
      eventMs: 1771263510195,
      id: 3141966230,
      lastId: 7297376207,
      line: '1771263510041,68005.00,2.695,true,3141966230,7297376181,7297376207,2.695,1771263510195,5\n',
    });
  });

  it('has an empty column where the exchange does not tell nq', () => {
    for (const nq of [undefined, null])
      expect(lineOf(readTrade({ nq }))).toContain(',7297376207,,1771263510195,');
  });

  it('takes unknown keys and tells keys apart by case', () => {
    const unknown = { t: 1, P: 'x', M: 'x', A: 'x', Q: {}, L: [], F: null, S: 0, NQ: 'x', extra: { T: 0 } };
    expect(readTrade(unknown)).toEqual(readTrade());
  });

  it.each([
    ['p', 68005],
    ['p', '1e5'],
    ['p', '-1.0'],
    ['p', ''],
    ['p', '1.'],
    ['p', '007.1'],
    ['p', '1,5'],
    ['p', '1\n'],
    ['p', undefined],
    ['q', 'NaN'],
    ['nq', 'x'],
    ['nq', 1],
    ['a', '1'],
    ['a', 2 ** 53],
    ['f', 1.5],
    ['l', null],
    ['m', 'true'],
    ['m', undefined],
    ['T', 0],
    ['T', 1771263510041000],
    ['T', '1771263510041'],
    ['E', undefined],
    ['s', 1],
    ['e', 'trade'],
  ])('with %s = %p is unreadable', (key, value) => {
    expect(readTrade({ [key]: value })).toBeInstanceOf(Unreadable);
  });
});

describe('a depth frame', () => {
  it('becomes a row with both sides as arrays of numbers that keep their digits', () => {
    expect(lineOf(readDepth())).toBe(
      '1771263510190,"[[2505.11,145.815],[2505.10,0.007]]","[[2505.12,3.000]]",2,1771263510195,5\n',
    );
  });

  it('may have an empty side', () => {
    expect(lineOf(readDepth({ b: [], a: [] }))).toContain(',"[]","[]",');
  });

  it.each([
    ['b', undefined],
    ['b', {}],
    ['b', [['1.0']]],
    ['b', ['1.0', '2.0']],
    ['a', [[1, 2]]],
    ['a', [['1.0', '2.0"']]],
    ['u', '2'],
    ['T', -1],
    ['e', 'aggTrade'],
  ])('with %s = %p is unreadable', (key, value) => {
    expect(readDepth({ [key]: value })).toBeInstanceOf(Unreadable);
  });

  it('is told from a change of the book by its stream alone', () => {
    expect(read('ethusdt@depth@100ms', DEPTH)).toBeInstanceOf(Unreadable);
    expect(read('ethusdt@depth', DEPTH)).toBeInstanceOf(Unreadable);
  });
});

describe('every frame', () => {
  const written = (stream: string, data: object): Buffer => Buffer.from(JSON.stringify({ stream, data }));
  const { nq: _nq, st: _st, ...olderTrade } = TRADE;
  const newerDepth = {
    ...{ e: 'depthUpdate', E: DEPTH.E, T: DEPTH.T, s: 'ETHUSDT', ps: 'ETHUSDT' },
    ...{ U: 1, u: 2, pu: 0, b: DEPTH.b, a: DEPTH.a, st: 1 },
  };
  const frames = [
    written('btcusdt@aggTrade', TRADE),
    written('btcusdt@aggTrade', { ...olderTrade, m: false }),
    written('ethusdt@depth20@100ms', DEPTH),
    written('ethusdt@depth20@100ms', newerDepth),
    written('币安人生usdt@depth20@100ms', { ...newerDepth, s: '币安人生USDT' }),
  ];

  it('gives the same row whether its stream is known beforehand or not', () => {
    const known = reader([...STREAMS, ...streamsOf(['币安人生USDT'], 'public')]);
    const unknown = reader([]);
    for (const frame of frames) {
      expect(known(frame)).not.toBeInstanceOf(Unreadable);
      expect(known(frame)).toEqual(unknown(frame));
    }
  });

  it('is not read for another stream whose names begin alike', () => {
    const names = ['ABCDEFGHIJKLMNOPQRSTUVWXYZ1', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ2'];
    const known = reader(streamsOf(names, 'market'));
    for (const s of names)
      expect(known(written(`${s.toLowerCase()}@aggTrade`, { ...TRADE, s }))).toMatchObject({ symbol: s });
  });

  it('may be longer than any before', () => {
    const b = Array.from({ length: 5_000 }, (_, i) => [`${i + 1}.50`, '0.001']);
    const line = lineOf(readFrame(written('ethusdt@depth20@100ms', { ...newerDepth, b })));
    expect(line).toContain(',[5000.50,0.001]]');
  });
});

describe('any bytes', () => {
  it.each([
    '',
    '[]',
    'null',
    '1',
    '{}',
    '{"result":null,"id":1}',
    '{"stream":"x@aggTrade"}',
    '{"stream":1,"data":{}}',
  ])('like %s are unreadable, not an error', (text) => {
    expect(readFrame(Buffer.from(text))).toBeInstanceOf(Unreadable);
  });

  it('that are a damaged frame give either the row of its digits or none, never a broken line', () => {
    const frames = [
      JSON.stringify({ stream: 'btcusdt@aggTrade', data: TRADE }),
      JSON.stringify({ stream: 'ethusdt@depth20@100ms', data: DEPTH }),
    ];
    const damage = fc.record({
      frame: fc.constantFrom(...frames),
      at: fc.nat(400),
      byte: fc.nat(255),
      cut: fc.boolean(),
    });
    fc.assert(
      fc.property(damage, ({ frame, at, byte, cut }) => {
        const bytes = Buffer.from(frame);
        if (at < bytes.length) bytes[at] = byte;
        const row = readFrame(cut ? bytes.subarray(0, at) : bytes);
        if (row instanceof Unreadable) return;
        const fields = parse(row.line) as string[][];
        expect(fields).toHaveLength(1);
        expect(fields[0]).toHaveLength(row.kind === 'trades' ? TRADE_COLUMNS.length : DEPTH_COLUMNS.length);
        expect(row.line.endsWith('\n')).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('property: a row', () => {
  const digits = (max: number) =>
    fc.tuple(fc.bigInt(0n, 10n ** 12n), fc.integer({ min: 0, max })).map(([units, places]) => {
      const text = String(units).padStart(places + 1, '0');
      return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`;
    });
  const time = fc.integer({ min: 946_684_800_000, max: 4_102_444_799_999 });
  const level = fc.tuple(digits(8), digits(8));

  it('says what the frame said', () => {
    const event = fc.record({
      ...idsOf(),
      p: digits(8),
      q: digits(8),
      nq: digits(8),
      m: fc.boolean(),
      T: time,
      E: time,
    });
    fc.assert(
      fc.property(event, (event) => {
        const { T, p, q, m, a, f, l, nq, E } = event;
        const row = readTrade(event);
        expect(lineOf(row)).toBe(`${[T, p, q, m, a, f, l, nq, E, 5].join(',')}\n`);
      }),
    );
  });

  it('holds the book digit for digit', () => {
    const book = fc.record({ b: fc.array(level), a: fc.array(level), u: fc.maxSafeNat(), T: time, E: time });
    fc.assert(
      fc.property(book, (book) => {
        const [[timestamp, bids, asks, id, event, received] = []] = parse(
          lineOf(readDepth(book)),
        ) as string[][];
        const unquoted = (side: string[][]) => JSON.stringify(side).replaceAll('"', '');
        expect([timestamp, bids, asks, id, event, received]).toEqual(
          [book.T, unquoted(book.b), unquoted(book.a), book.u, book.E, 5].map(String),
        );
        JSON.parse(bids ?? ''); // numbers as JSON allows them
      }),
    );
  });

  function idsOf() {
    return { a: fc.maxSafeNat(), f: fc.maxSafeNat(), l: fc.maxSafeNat() };
  }
});
