// The scanners take rows by bytes; csv-parse (readTradeRow, readDepthRow) is the oracle: whatever the bytes of a chunk, both
// must take the same rows with the same values and reject the same lines.

import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DepthRow } from '../../../aggregate-job/rows/depth-rows.ts';
import { type DepthRows, depthRows } from '../../../aggregate-job/rows/depth-rows.ts';
import { type TradeRow, type TradeRows, tradeRows } from '../../../aggregate-job/rows/trade-rows.ts';
import { BadRow, readDepthRow, readTradeRow } from '../../../aggregate-job/scan/read-row.ts';
import { type Rejection, scanChunk } from '../../../aggregate-job/scan/scan-chunk.ts';
import { type IntegerColumn, valueAt } from '../../../shared/bars/integers.ts';
import { type Decimal, unitsAt } from '../../../shared/decimals.ts';
import { DEPTH_HEADER } from '../../../shared/lake/depth.ts';
import type { RawKind } from '../../../shared/lake/object-names.ts';
import { TRADE_HEADER } from '../../../shared/lake/trade.ts';
import { DAY_MS } from '../../../shared/time.ts';
import { depthLine, tradeLine } from '../chunks.ts';

const DAY = Date.parse('2024-07-18T00:00:00Z');
const WINDOW = { windowStart: 900_000, windowEnd: 1_800_000 };
const PLACES = 450;

/** What a chunk says, in words that both ways of reading can be asked for. Decimals are integers with 450 places. */
type Said = {
  rows: Record<string, string | number | boolean>[];
  places: { price: number; quantity: number };
  strays: number[];
  rejected: [line: number, reason: string][];
};

function scanned(kind: RawKind, body: string): Said {
  const [trades, depth] = [tradeRows(), depthRows()];
  const strays: number[] = [];
  const rejections: Rejection[] = [];
  const bytes = gzipSync(`${kind === 'trades' ? TRADE_HEADER : DEPTH_HEADER}\n${body}`);
  const chunk = { name: 'c', kind, stored: { form: 'gzip', bytes }, rank: 1, isHome: true } as const;
  const target = { dayStartMs: DAY, ...WINDOW, source: 0 };
  scanChunk(chunk, target, { trades, depth, rejections, stray: (time) => strays.push(time) });
  return {
    rows: kind === 'trades' ? tradesSaid(trades) : depthSaid(depth),
    places: kind === 'trades' ? trades.places : depth.places,
    strays,
    rejected: rejections.map(({ line, reason }) => [line, reason]),
  };
}

const column = (values: IntegerColumn, i: number, places: number): string =>
  String(unitsAt({ units: BigInt(valueAt(values, i)), places }, PLACES));
const decimal = (value: Decimal): string => String(unitsAt(value, PLACES));

function tradesSaid(rows: TradeRows): Said['rows'] {
  return Array.from({ length: rows.count }, (_, i) => ({
    time: rows.time[i] ?? -1,
    price: column(rows.price, i, rows.scale.price),
    quantity: column(rows.quantity, i, rows.scale.quantity),
    maker: rows.maker[i] === 1,
    id: rows.id[i] ?? -1,
    firstId: rows.firstId[i] ?? -1,
    lastId: rows.lastId[i] ?? -1,
  }));
}

function depthSaid(rows: DepthRows): Said['rows'] {
  return Array.from({ length: rows.count }, (_, i) => ({
    time: rows.time[i] ?? -1,
    updateId: rows.updateId[i] ?? -1,
    ...(rows.oneSided[i] === 1
      ? {}
      : {
          bidPrice: column(rows.bidPrice, i, rows.scale.price),
          bidQuantity: column(rows.bidQuantity, i, rows.scale.quantity),
          askPrice: column(rows.askPrice, i, rows.scale.price),
          askQuantity: column(rows.askQuantity, i, rows.scale.quantity),
        }),
  }));
}

/** The same by csv-parse, line by line. */
function parsed(kind: RawKind, body: string): Said {
  const said: Said = { rows: [], places: { price: 0, quantity: 0 }, strays: [], rejected: [] };
  const lines = body.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const [i, line] of lines.entries()) {
    try {
      const row = kind === 'trades' ? readTradeRow(line, DAY) : readDepthRow(line, DAY);
      if (row.time < WINDOW.windowStart || row.time >= WINDOW.windowEnd) said.strays.push(row.time);
      else if ('price' in row) takeTrade(said, row);
      else takeDepth(said, row);
    } catch (error) {
      if (!(error instanceof BadRow)) throw error;
      said.rejected.push([i + 2, line.includes('\0') ? 'NUL byte' : error.message]);
    }
  }
  return said;
}

function takeTrade(said: Said, { price, quantity, ...rest }: TradeRow): void {
  said.rows.push({ ...rest, price: decimal(price), quantity: decimal(quantity) });
  see(said, price, quantity);
}

function takeDepth(said: Said, { time, updateId, bid, ask }: DepthRow): void {
  if (!bid || !ask) {
    said.rows.push({ time, updateId });
    return;
  }
  said.rows.push({
    time,
    updateId,
    bidPrice: decimal(bid.price),
    bidQuantity: decimal(bid.quantity),
    askPrice: decimal(ask.price),
    askQuantity: decimal(ask.quantity),
  });
  see(said, bid.price, bid.quantity);
  see(said, ask.price, ask.quantity);
}

function see({ places }: Said, price: Decimal, quantity: Decimal): void {
  places.price = Math.max(places.price, placesOf(price));
  places.quantity = Math.max(places.quantity, placesOf(quantity));
}

/** Places without trailing zeros, by text. */
function placesOf({ units, places }: Decimal): number {
  const fraction = places === 0 ? '' : String(units).padStart(places, '0').slice(-places);
  return fraction.replace(/0+$/, '').length;
}

const number = fc
  .tuple(fc.bigInt({ min: 1n, max: 10n ** 18n }), fc.nat({ max: 10 }), fc.nat({ max: 17 }))
  .map(([units, places, cut]) => {
    const digits = String(units)
      .slice(0, 18 - cut)
      .padStart(places + 1, '0');
    return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
  });
const time = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: WINDOW.windowStart, max: WINDOW.windowEnd - 1 }) },
  { weight: 1, arbitrary: fc.integer({ min: -1, max: DAY_MS }) },
);
const id = fc.oneof(fc.nat({ max: 1000 }), fc.maxSafeNat());
const tradeText = fc
  .record({ T: time, price: number, quantity: number, maker: fc.boolean(), id, first: id, more: fc.nat(9) })
  .map(({ T, first, more, ...rest }) => tradeLine({ ...rest, T: DAY + T, first, last: first + more }));
const levels = fc.array(fc.tuple(number, number), { maxLength: 3 });
const depthText = fc
  .record({ T: time, u: id, bids: levels, asks: levels })
  .map(({ T, ...rest }) => depthLine({ ...rest, T: DAY + T }));

/** Some bytes of a text replaced, dropped or doubled. */
const harm = fc.array(
  fc.tuple(
    fc.nat(),
    fc.constantFrom(0, 1),
    fc.constantFrom('', ...',."[]\r\n\0 0179-+eEtx', '""', ']]', '"\n', ',,'),
  ),
  { maxLength: 4 },
);
function harmed(text: string, harms: [at: number, removed: number, inserted: string][]): string {
  return harms.reduce((old, [at, removed, inserted]) => {
    const start = at % (old.length + 1);
    return old.slice(0, start) + inserted + old.slice(start + removed);
  }, text);
}

const quoteAll = (line: string): string =>
  line.replace(/("[^"]*"|[^,]+)/g, (field) => (field.startsWith('"') ? field : `"${field}"`));
const dressed = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(text, fc.constantFrom('', '', '', '\r', 'quoted'))
    .map(([line, dress]) => (dress === 'quoted' ? quoteAll(line) : line + dress));
const body = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(fc.array(dressed(text), { maxLength: 8 }), fc.constantFrom('\n', ''), harm)
    .map(([lines, end, harms]) => harmed(lines.join('\n') + (lines.length > 0 ? end : ''), harms));

describe.each([
  ['trades', tradeText],
  ['depth', depthText],
] as const)('scanning %s', (kind, text) => {
  it('takes and rejects the same as a CSV parser, whatever the bytes', () => {
    fc.assert(
      fc.property(body(text), (lines) => {
        expect(scanned(kind, lines)).toEqual(parsed(kind, lines));
      }),
      { numRuns: 500 },
    );
  });
});

describe('scanning a chunk', () => {
  const trade = (at: number): string =>
    tradeLine({
      T: DAY + WINDOW.windowStart + at,
      price: '1.5',
      quantity: '2',
      maker: true,
      id: at,
      first: 1,
      last: 2,
    });
  const snapshot = (at: number): string =>
    depthLine({ T: DAY + WINDOW.windowStart + at, u: at, bids: [['1.5', '2']], asks: [['1.75', '3']] });
  const bothSidesEmpty = `${DAY + WINDOW.windowStart},[],[],1,,`;

  it.each<[what: string, kind: RawKind, body: string, rows: number, rejected: [number, string][]]>([
    ['nothing behind the header', 'trades', '', 0, []],
    ['CRLF line ends', 'trades', `${trade(1)}\r\n${trade(2)}\r\n`, 2, []],
    ['no last line end', 'depth', `${snapshot(1)}\n${snapshot(2)}`, 2, []],
    ['an empty line', 'trades', `${trade(1)}\n\n${trade(2)}\n`, 2, [[3, 'empty line']]],
    ['two rows with a bare CR between', 'trades', `${trade(1)}\r${trade(2)}\n`, 0, [[2, 'extra fields']]],
    [
      'two rows with a bare CR between',
      'depth',
      `${snapshot(1)}\r${snapshot(2)}\n`,
      0,
      [[2, 'extra fields']],
    ],
    [
      'a line feed inside a side of the book',
      'depth',
      `${snapshot(1).replace(']]', '],\n[1,2]]')}\n${snapshot(2)}\n`,
      1,
      [
        [2, 'quotes do not match'],
        [3, 'quotes do not match'],
      ],
    ],
    [
      'levels that are none behind the best one',
      'depth',
      `${snapshot(1).replace(']]', ']rubbish]]')}\n`,
      0,
      [[2, 'bids is not an array of [price,quantity]']],
    ],
    ['NUL bytes', 'trades', `${trade(1).replace('1.5', '1.\0')}\n`, 0, [[2, 'NUL byte']]],
    ['rows as short as can be', 'depth', `${`${bothSidesEmpty}\n`.repeat(400)}${snapshot(1)}\n`, 401, []],
    ['fields all in quotes', 'trades', `${quoteAll(trade(1))}\n`, 1, []],
    ['more places in the ask than in the bid, in quotes', 'depth', `${quoteAll(snapshot(1))}\n`, 1, []],
    [
      'a quantity of 0 beside one with 18 places',
      'trades',
      `${trade(1).replace(',2,', `,0.${'0'.repeat(17)}1,`)}\n${trade(2).replace(',2,', ',0,')}\n`,
      2,
      [],
    ],
  ])('%s (%s)', (_, kind, lines, rows, rejected) => {
    const said = scanned(kind, lines);
    expect(said.rejected).toEqual(rejected);
    expect(said.rows).toHaveLength(rows);
    expect(said).toEqual(parsed(kind, lines));
  });

  it.each(['trades', 'depth'] as const)(
    'reads times of event and receiving as whole numbers or nothing (%s)',
    (kind) => {
      const front = (kind === 'trades' ? trade(1) : snapshot(1)).split(',').slice(0, -2).join(',');
      const told = [
        ['', ''],
        ['1', ''],
        ['', '2'],
        ['17', '18'],
      ];
      const odd: [event: string, received: string, column: string][] = [
        ['x', '1', 'event_time'],
        ['1x', '1', 'event_time'],
        ['x1', '1', 'event_time'],
        ['-1', '1', 'event_time'],
        ['1.5', '1', 'event_time'],
        [' ', '1', 'event_time'],
        ['1', 'x', 'received_at'],
        ['1', '1x', 'received_at'],
        ['', '-1', 'received_at'],
        ['1', '1.5', 'received_at'],
      ];
      const lines = [...told, ...odd].map(([event, received]) => `${front},${event},${received}\n`).join('');
      const said = scanned(kind, lines);
      expect(said.rows).toHaveLength(told.length);
      expect(said.rejected).toEqual(
        odd.map(([, , column], i) => [told.length + 2 + i, `${column} is not a whole number`]),
      );
    },
  );

  it.each(['', '\n', '\r\n', '\r'])('has no rows and no faults when it is a header and %j', (end) => {
    const rejections: Rejection[] = [];
    const bytes = gzipSync(TRADE_HEADER + end);
    const chunk = {
      name: 'c',
      kind: 'trades',
      stored: { form: 'gzip', bytes },
      rank: 1,
      isHome: true,
    } as const;
    const output = { trades: tradeRows(), depth: depthRows(), rejections, stray: () => {} };
    const reading = scanChunk(chunk, { dayStartMs: DAY, ...WINDOW, source: 0 }, output);
    expect({ rows: reading.rows, rejections }).toEqual({ rows: 0, rejections: [] });
  });
});
