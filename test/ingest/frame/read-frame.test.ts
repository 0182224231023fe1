import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { readDepthFrame } from '../../../ingest/frame/depth-frame.ts';
import { Unreadable } from '../../../ingest/frame/fields.ts';
import { Heads } from '../../../ingest/frame/heads.ts';
import { createFrameReader } from '../../../ingest/frame/read-frame.ts';
import type { Row } from '../../../ingest/frame/row.ts';
import { ROUTES, type Stream, streamsOf } from '../../../ingest/frame/stream.ts';
import { readTradeFrame } from '../../../ingest/frame/trade-frame.ts';
import { DEPTH_COLUMNS } from '../../../shared/lake/depth.ts';
import { TRADE_COLUMNS } from '../../../shared/lake/trade.ts';

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
    ['p', '1234567890123456789'],
    ['p', '1.1234567890123456789'],
    ['q', '9'.repeat(40)],
    ['nq', '0.1234567890123456789'],
    ['nq', '1.0e0'],
    ['a', '1'],
    ['a', -1],
    ['a', 2 ** 53],
    ['f', -1],
    ['f', TRADE.l + 1],
    ['l', -1],
    ['l', TRADE.f - 1],
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
    ['b', [['1.0', '2.0', '3.0']]],
    ['b', [['1.0', '2.0', null]]],
    ['b', [[]]],
    ['b', [['1234567890123456789', '1']]],
    ['a', [['1', '1.1234567890123456789']]],
    ['a', [['1.0e0', '1']]],
    ['u', -1],
    ['u', 2 ** 53],
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

describe('a number', () => {
  const frameOf = (data: object, from: string, to: string, stream = 'btcusdt@aggTrade') =>
    readFrame(Buffer.from(JSON.stringify({ stream, data }).replace(from, to)));

  it.each([
    ['"a":3141966230', '"a":3141966230.0'],
    ['"a":3141966230', '"a":3.14196623e9'],
    ['"a":3141966230', '"a":-0'],
    ['"f":7297376181', '"f":1.0e0'],
    ['"l":7297376207', '"l":7297376207E0'],
    ['"T":1771263510041', '"T": 1771263510041.0'],
    ['"E":1771263510195', '"E":1.771263510195e12'],
  ])('that is whole and not written so (%s as %s) makes a trade unreadable', (from, to) => {
    expect(frameOf(TRADE, from, to)).toBeInstanceOf(Unreadable);
  });

  it.each([
    ['"u":2', '"u":2.0'],
    ['"u":2', '"u":\n2e0'],
  ])('that is whole and not written so (%p as %p) makes a snapshot unreadable', (from, to) => {
    expect(frameOf(DEPTH, from, to, 'ethusdt@depth20@100ms')).toBeInstanceOf(Unreadable);
  });

  it('under an unknown key may be written in any way', () => {
    expect(frameOf(TRADE, '"st":1', '"x":-1.5e-3,"st":1.0')).toEqual(readTrade());
  });

  it('may have 18 digits before its point and 18 behind, on every way to the row', () => {
    const [whole, places] = ['9'.repeat(18), '0'.repeat(18)];
    const number = `${whole}.${places}`;
    const trade = { ...TRADE, p: number, q: number, nq: number };
    const depth = { ...DEPTH, b: [[number, number]], a: [[number, number]] };
    for (const read of [readFrame, reader([])]) {
      expect(
        lineOf(read(Buffer.from(JSON.stringify({ stream: 'btcusdt@aggTrade', data: trade })))),
      ).toContain(`,${number},${number},true,`);
      expect(
        lineOf(read(Buffer.from(JSON.stringify({ stream: 'ethusdt@depth20@100ms', data: depth })))),
      ).toContain(`"[[${number},${number}]]","[[${number},${number}]]"`);
    }
  });

  it('of an id may be 0 or 2^53 - 1, and the last id may equal the first', () => {
    const most = Number.MAX_SAFE_INTEGER;
    expect(readTrade({ a: most, f: most, l: most })).toMatchObject({ id: most, lastId: most });
    expect(readTrade({ a: 0, f: 0, l: 0 })).toMatchObject({ id: 0, lastId: 0 });
  });
});

describe('both ways to read a frame', () => {
  const trade = JSON.stringify({ stream: 'btcusdt@aggTrade', data: TRADE });
  const depth = JSON.stringify({
    stream: 'ethusdt@depth20@100ms',
    data: {
      e: 'depthUpdate',
      E: DEPTH.E,
      T: DEPTH.T,
      s: 'ETHUSDT',
      ps: 'ETHUSDT',
      U: 1,
      u: 2,
      pu: 0,
      b: DEPTH.b,
      a: DEPTH.a,
      st: 1,
    },
  });
  const fast = readFrame;
  const careful = reader([]);

  it.each<[what: string, frame: string, from: string, to: string]>([
    ['the first ms of 2000', trade, '"T":1771263510041', '"T":946684800000'],
    ['the last ms of 2099', trade, '"T":1771263510041', '"T":4102444799999'],
    ['the last ms of 2099 as event time', trade, '"E":1771263510195', '"E":4102444799999'],
    ['the last ms of 2099 in a snapshot', depth, '"T":1771263510190', '"T":4102444799999'],
    ['an id of 15 digits', trade, '"a":3141966230', '"a":999999999999999'],
    ['an id of 16 digits', trade, '"a":3141966230', '"a":9007199254740991'],
    ['a last id of 16 digits', trade, '"l":7297376207', '"l":9007199254740989'],
    ['an update id of 15 digits', depth, '"u":2', '"u":999999999999999'],
    ['an update id of 16 digits', depth, '"u":2', '"u":9007199254740991'],
    ['an id of one digit', trade, '"a":3141966230', '"a":7'],
    ['an id of nine digits', trade, '"a":3141966230', '"a":123456789'],
    ['an id of 0', trade, '"f":7297376181', '"f":0'],
    ['a price below 1', trade, '68005.00', '0.5'],
    ['a whole price', trade, '68005.00', '68005'],
    ['a price of 0', trade, '68005.00', '0'],
    ['a level of 0', depth, '"2505.11"', '"0"'],
    ['a pair with a letter that is no ASCII', depth, '"ps":"ETHUSDT"', '"ps":"币"'],
    ['a pair with an escape', depth, '"ps":"ETHUSDT"', String.raw`"ps":"E\u0054H"`],
    ['a pair with an escaped quote', depth, '"ps":"ETHUSDT"', String.raw`"ps":"E\"H"`],
    ['a pair with a blank', depth, '"ps":"ETHUSDT"', '"ps":" ~"'],
    ['a pair with DELETE, which JSON allows', depth, '"ps":"ETHUSDT"', '"ps":"\u007f"'],
    ['an empty pair', depth, '"ps":"ETHUSDT"', '"ps":""'],
    ['blanks', depth, '"U":1', '"U": 1'],
    ['a state of several digits', depth, '"st":1', '"st":123'],
    ['an empty side', depth, '[["2505.12","3.000"]]', '[]'],
    ['the other maker', trade, '"m":true', '"m":false'],
  ])('give the same row for %s', (_, frame, from, to) => {
    const bytes = Buffer.from(frame.replace(from, () => to));
    expect(bytes.equals(Buffer.from(frame))).toBe(false);
    expect(fast(bytes)).toEqual(careful(bytes));
    expect(fast(bytes)).not.toBeInstanceOf(Unreadable);
  });

  it.each<[what: string, frame: string, from: string, to: string]>([
    ['a time before 2000', trade, '"T":1771263510041', '"T":946684799999'],
    ['a time after 2099', trade, '"T":1771263510041', '"T":4102444800000'],
    ['an event time after 2099', trade, '"E":1771263510195', '"E":4102444800000'],
    ['an event time after 2099 of a snapshot', depth, '"E":1771263510195', '"E":4102444800000'],
    ['a time after 2099 of a snapshot', depth, '"T":1771263510190', '"T":4102444800000'],
    ['a time of 14 digits', trade, '"T":1771263510041', '"T":17712635100410'],
    ['an id with a leading zero', trade, '"a":3141966230', '"a":03'],
    ['no id', trade, '"a":3141966230', '"a":'],
    ['a first id above the last of 15 digits', trade, '"f":7297376181', '"f":999999999999999'],
    ['the byte before the digits in an id', trade, '"a":3141966230', '"a":31/1'],
    ['the byte behind the digits in an id', trade, '"a":3141966230', '"a":31:1'],
    ['the byte before the digits in a price', trade, '68005.00', '680/5.00'],
    ['the byte behind the digits in a price', trade, '68005.00', '680:5.00'],
    ['the byte before the digits behind the point', trade, '68005.00', '68005./0'],
    ['the byte behind the digits behind the point', trade, '68005.00', '68005.0:'],
    ['two points', trade, '68005.00', '68005.0.0'],
    ['a point at the end', trade, '68005.00', '68005.'],
    ['a point at the beginning', trade, '68005.00', '.5'],
    ['an empty price', trade, '68005.00', ''],
    ['a price with a leading zero', trade, '68005.00', '08005.00'],
    ['a price of 19 digits', trade, '68005.00', '1234567890123456789'],
    ['19 places', trade, '68005.00', '1.1234567890123456789'],
    ['a quantity with a sign', trade, '"q":"2.695"', '"q":"-2.695"'],
    ['a maker in capitals', trade, '"m":true', '"m":TRUE'],
    ['a state with a sign alone', trade, '"st":1', '"st":-'],
    ['a byte behind its end', trade, '"st":1}}', '"st":1}}x'],
    ['a brace too few', trade, '"st":1}}', '"st":1}'],
    ['a brace too many', depth, '"st":1}}', '"st":1}}}'],
    ['a control character in the pair', depth, '"ps":"ETHUSDT"', '"ps":"ETH\u001fDT"'],
    ['a NUL in the pair', depth, '"ps":"ETHUSDT"', '"ps":"\u0000"'],
    ['a pair that does not end', depth, '"ps":"ETHUSDT"', '"ps":"ETHUSDT'],
    ['the byte before the digits in a level', depth, '2505.11', '250/.11'],
    ['the byte behind the digits in a level', depth, '2505.11', '250:.11'],
    ['the byte before the digits in the places of a level', depth, '2505.11', '2505./1'],
    ['the byte behind the digits in the places of a level', depth, '2505.11', '2505.1:'],
    ['a level with a leading zero', depth, '2505.11', '02505.11'],
    ['a level with a point at its end', depth, '2505.11', '2505.'],
    ['a level with a point at its beginning', depth, '2505.11', '.11'],
    ['a level of no digits', depth, '"2505.11"', '""'],
    ['a level of 19 digits', depth, '2505.11', '1234567890123456789.11'],
    ['a level of 19 places', depth, '2505.11', '1.1234567890123456789'],
    ['a level of numbers', depth, '["2505.11","145.815"]', '[2505.11,145.815]'],
    ['a level of one', depth, '["2505.11","145.815"]', '["2505.11"]'],
    ['a level of three', depth, '["2505.11","145.815"]', '["2505.11","145.815","1"]'],
    ['a level of none', depth, '["2505.11","145.815"]', '[]'],
    ['no comma within a level', depth, '"2505.11","145.815"', '"2505.11""145.815"'],
    ['another sign within a level', depth, '"2505.11","145.815"', '"2505.11":"145.815"'],
    ['a closing bracket within a level', depth, '"2505.11","145.815"', '"2505.11"]"145.815"'],
    ['another end of a level', depth, '"145.815"]', '"145.815"}'],
    ['a comma at the end of a level', depth, '"145.815"]', '"145.815",]'],
    ['no comma between levels', depth, '"145.815"],[', '"145.815"]['],
    ['another sign between levels', depth, '"145.815"],[', '"145.815"];['],
    ['a comma behind the last level', depth, '"0.007"]]', '"0.007"],]'],
    ['a side that is not closed', depth, '"0.007"]]', '"0.007"]'],
    ['a side closed twice', depth, '"0.007"]]', '"0.007"]]]'],
    ['a side in braces', depth, '"b":[', '"b":{'],
    ['no quote before a number', depth, '["2505.11"', '[2505.11"'],
    ['no quote behind a number', depth, '"2505.11",', '"2505.11,'],
  ])('give no row for %s', (_, frame, from, to) => {
    const bytes = Buffer.from(frame.replace(from, () => to));
    expect(bytes.equals(Buffer.from(frame))).toBe(false);
    expect(fast(bytes)).toBeInstanceOf(Unreadable);
    expect(careful(bytes)).toBeInstanceOf(Unreadable);
  });

  it.each([
    ['trades', trade, 'market', readTradeFrame],
    ['snapshots', depth, 'public', readDepthFrame],
  ] as const)('do not leave %s as the exchange writes them to the slow one', (_, frame, route, readFast) => {
    const bytes = Buffer.from(frame);
    const head = new Heads(streamsOf(['BTCUSDT', 'ETHUSDT'], route)).find(bytes);
    if (!head) throw new Error('no head');
    const row = readFast(bytes, head, Buffer.alloc(8_192), Buffer.from(',5\n'));
    expect(row && { ...row, line: row.line.toString() }).toEqual(careful(bytes));
  });
});

describe('a row', () => {
  it('has 1 MiB at most, its end not counted', () => {
    const bids = (bytes: number): string[][] => {
      const pairs = Math.floor((bytes - 10) / '[1,22],'.length);
      const rest = bytes - pairs * '[1,22],'.length - '[1,]'.length;
      return [...Array.from({ length: pairs }, () => ['1', '22']), ['1', '2'.repeat(rest)]];
    };
    const roomBytes = 2 ** 20 - lineOf(readDepth({ b: [], a: [] })).length + 1;
    const [longest, tooLong] = [0, 1].map((more) => readDepth({ b: bids(roomBytes + more), a: [] }));
    if (!longest) throw new Error('no row');
    expect(lineOf(longest)).toHaveLength(2 ** 20 + 1);
    expect(tooLong).toBeInstanceOf(Unreadable);
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
    const [f, l] = [fc.integer({ min: 0, max: 2 ** 52 }), fc.integer({ min: 2 ** 52, max: 2 ** 53 - 1 })];
    return { a: fc.maxSafeNat(), f, l };
  }
});
