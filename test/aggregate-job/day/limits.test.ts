// Numbers, rows and chunks beyond what shared/limits.ts allows: rejected and named, in both paths alike, and the day goes on.

import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { unzipSync } from 'fflate';
import { rawDayPrefix } from '../../../shared/lake/object-names.ts';
import { TRADE_HEADER } from '../../../shared/lake/trade.ts';
import { MAX_CHUNK_BYTES, MAX_ROW_BYTES } from '../../../shared/limits.ts';
import { MemoryStore } from '../../shared/store/memory-store.ts';
import { chunkBytes, tradeLine } from '../chunks.ts';
import { barsIn, manifestIn, namesIn, runDay, zipIn } from '../job.ts';
import { DATE, DAY_START, SYMBOL } from '../market-day.ts';

const PREFIX = rawDayPrefix(SYMBOL, DATE);

const trade = (id: number, field = '', text = ''): string => {
  const fields = tradeLine({
    T: DAY_START + id,
    price: '1.5',
    quantity: '2',
    maker: true,
    id,
    first: id,
    last: id,
  }).split(',');
  const at = TRADE_HEADER.split(',').indexOf(field);
  return fields.map((value, i) => (i === at ? text : value)).join(',');
};
const book = (u: number, bids = '[[1.5,2]]', end = `${DAY_START},${DAY_START}`): string =>
  `${DAY_START + u},"${bids}","[[1.6,2]]",${u},${end}`;
/** The row as a CSV writer that quotes everything has it, for the careful path. */
const quoted = (line: string): string =>
  line.replace(/("[^"]*"|[^,]+)/g, (field) => (field.startsWith('"') ? field : `"${field}"`));

async function built(chunks: Record<string, Buffer>): Promise<MemoryStore> {
  const store = new MemoryStore(
    new Map(Object.entries(chunks).map(([name, bytes]) => [PREFIX + name, bytes])),
  );
  expect(await runDay({ store })).toMatchObject({ code: 0 });
  return store;
}

const nines = (count: number): string => '9'.repeat(count);

const DRESSES: [what: string, dressed: (line: string) => string][] = [
  ['as the recorder writes it', (line) => line],
  ['in quotes', quoted],
];
const beforePoint = (what: string): string => `${what} has more than 18 digits before its point`;
const behindPoint = (what: string): string => `${what} has more than 18 digits behind its point`;

/** The reason told for each line of a chunk; null for those that were taken. */
const reasonsOf = ({ objects }: MemoryStore, lines: number): (string | null)[] => {
  const reasons = new Map(manifestIn(objects).rejected.named.map(({ line, reason }) => [line, reason]));
  return Array.from({ length: lines }, (_, i) => reasons.get(i + 2) ?? null);
};

describe.each(DRESSES)('a trade %s', (_, dressed) => {
  const cases: [field: string, text: string, reason: string | null][] = [
    ['price', nines(18), null],
    ['price', `1.${nines(18)}`, null],
    ['quantity', `${nines(18)}.${nines(18)}`, null],
    ['price', nines(19), beforePoint('price')],
    ['price', `${'0'.repeat(18)}1`, beforePoint('price')],
    ['quantity', `1.${'0'.repeat(19)}`, behindPoint('quantity')],
    ['price', nines(4_000), beforePoint('price')],
    ['quantity_no_rpi', nines(18), null],
    ['quantity_no_rpi', nines(19), beforePoint('quantity_no_rpi')],
    ['quantity_no_rpi', `1.${nines(19)}`, behindPoint('quantity_no_rpi')],
    ['event_time', nines(18), null],
    ['event_time', nines(19), 'event_time is not a whole number'],
    ['received_at', nines(19), 'received_at is not a whole number'],
    ['last_trade_id', '9007199254740991', null],
    ['last_trade_id', '9007199254740992', 'last_trade_id is not a whole number'],
    ['agg_trade_id', '9007199254740992', 'agg_trade_id is not a whole number'],
    ['agg_trade_id', `0${'1'.padStart(16, '0')}`, 'agg_trade_id is not a whole number'],
  ];

  it('beyond the limits is rejected and named, and the others are taken', async () => {
    const lines = cases.map(([field, text], i) => dressed(trade(i, field, text)));
    const store = await built({ 'trades/00-00_a_0.csv.gz': chunkBytes('trades', [...lines, trade(99)]) });
    expect(reasonsOf(store, cases.length)).toEqual(cases.map(([, , reason]) => reason));
    const rows = 1 + cases.filter(([, , reason]) => reason === null).length;
    expect(manifestIn(store.objects).trades).toMatchObject({ rows, first_id: 0, last_id: 99 });
    expect(barsIn(store.objects).length).toBeLessThan(800_000);
  });
});

describe.each(DRESSES)('a snapshot %s', (_, dressed) => {
  const cases: [line: (u: number) => string, reason: string | null][] = [
    [(u) => book(u, `[[1.5,${nines(18)}.${nines(18)}]]`), null],
    [(u) => book(u, `[[${nines(19)},2]]`), beforePoint('best level of bids')],
    [(u) => book(u, `[[1.5,0.${nines(19)}]]`), behindPoint('best level of bids')],
    [(u) => book(u, undefined, `${nines(19)},1`), 'event_time is not a whole number'],
    [(u) => book(u, undefined, `1,${nines(19)}`), 'received_at is not a whole number'],
  ];

  it('beyond the limits is rejected and named, and the others are taken', async () => {
    const lines = cases.map(([line], u) => dressed(line(u)));
    const store = await built({ 'depth/00-00_a_0.csv.gz': chunkBytes('depth', [...lines, book(99)]) });
    expect(reasonsOf(store, cases.length)).toEqual(cases.map(([, reason]) => reason));
    expect(manifestIn(store.objects).depth.snapshots).toBe(2);
  });
});

describe('a row', () => {
  const deep = (bytes: number): string => {
    const line = (levels: string): string => book(2, `[[1.5,2]${levels}]`);
    const level = ',[1.4,3]';
    const many = line(level.repeat(Math.floor((bytes - line('').length) / level.length)));
    return many.replace('[1.4,3]', `[1.4,3${'0'.repeat(bytes - many.length)}]`);
  };

  it.each([
    ['of 1 MiB is read', MAX_ROW_BYTES, {}, 3],
    ['of more is rejected and named', MAX_ROW_BYTES + 1, { 'row of more than 1 MiB': 1 }, 2],
  ])('%s', async (_, bytes, byReason, snapshots) => {
    const lines = [book(1), deep(bytes), book(3)];
    const { objects } = await built({ 'depth/00-00_a_0.csv.gz': chunkBytes('depth', lines) });
    expect(manifestIn(objects).rejected.by_reason).toEqual(byReason);
    expect(manifestIn(objects).depth.snapshots).toBe(snapshots);
  });

  it('that never ends is rejected and named', async () => {
    const text = `${TRADE_HEADER}\n${trade(1)}\n${'7'.repeat(3 * MAX_ROW_BYTES)}`;
    const { objects } = await built({ 'trades/00-00_a_0.csv.gz': gzipSync(text) });
    expect(manifestIn(objects)).toMatchObject({
      trades: { rows: 1 },
      rejected: { by_reason: { 'row of more than 1 MiB': 1 }, named: [{ line: 3 }] },
    });
  });
});

describe('a chunk', () => {
  const rows = (count: number): Buffer => Buffer.from(`${trade(2)}\n`.repeat(count));
  const text = (bytes: number): Buffer => {
    const head = Buffer.from(`${TRADE_HEADER}\n${trade(1)}\n`);
    const line = `${trade(2)}\n`;
    const body = rows(Math.floor((bytes - head.length) / line.length));
    return Buffer.concat([head, body], bytes); // ends in zeros, one row more
  };

  it('that inflates beyond the limit is rejected whole, and kept; no trade is invented', async () => {
    const bomb = gzipSync(text(MAX_CHUNK_BYTES + 1), { level: 1 });
    const name = 'trades/00-00_a_0.csv.gz';
    const { objects } = await built({
      [name]: bomb,
      'trades/00-01_a_0.csv.gz': chunkBytes('trades', [trade(60_000)]),
    });
    expect(manifestIn(objects)).toMatchObject({
      verdict: 'partial',
      trades: { rows: 1, first_id: 60_000 },
      rejected: {
        count: 1,
        by_reason: { 'more than 128 MiB of text': 1 },
        named: [{ name: PREFIX + name, line: 0 }],
      },
    });
    expect(
      Buffer.from(
        unzipSync(zipIn(objects), { filter: ({ name }) => name.startsWith('rejected/') })[
          `rejected/${name}`
        ] ?? [],
      ).equals(bomb),
    ).toBe(true);
    expect(namesIn(objects, 'raw/')).toEqual([]);
  });
});
