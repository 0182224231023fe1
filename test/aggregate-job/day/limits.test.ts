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

describe.each([
  ['as the recorder writes it', (line: string) => line],
  ['in quotes', quoted],
])('a trade %s', (_, dressed) => {
  it.each<[what: string, field: string, text: string, reason: string | null]>([
    ['18 digits before the point', 'price', nines(18), null],
    ['18 digits behind the point', 'price', `1.${nines(18)}`, null],
    ['18 digits on both sides', 'quantity', `${nines(18)}.${nines(18)}`, null],
    ['19 digits before the point', 'price', nines(19), 'price has more than 18 digits before its point'],
    [
      '19 digits, most of them zeros',
      'price',
      `${'0'.repeat(18)}1`,
      'price has more than 18 digits before its point',
    ],
    [
      '19 digits behind the point',
      'quantity',
      `1.${'0'.repeat(19)}`,
      'quantity has more than 18 digits behind its point',
    ],
    ['4,000 digits', 'price', nines(4_000), 'price has more than 18 digits before its point'],
    [
      '19 digits of nq',
      'quantity_no_rpi',
      nines(19),
      'quantity_no_rpi has more than 18 digits before its point',
    ],
    [
      '19 places of nq',
      'quantity_no_rpi',
      `1.${nines(19)}`,
      'quantity_no_rpi has more than 18 digits behind its point',
    ],
    ['an event time of 19 digits', 'event_time', nines(19), 'event_time is not a whole number'],
    ['a receive time of 19 digits', 'received_at', nines(19), 'received_at is not a whole number'],
    ['an id of 2^53 - 1', 'last_trade_id', '9007199254740991', null],
    ['an id of 2^53', 'last_trade_id', '9007199254740992', 'last_trade_id is not a whole number'],
    ['an id of 2^53', 'agg_trade_id', '9007199254740992', 'agg_trade_id is not a whole number'],
    ['an id of 17 digits', 'agg_trade_id', `0${'1'.padStart(16, '0')}`, 'agg_trade_id is not a whole number'],
  ])('with %s', async (_, field, text, reason) => {
    const lines = [trade(1), dressed(trade(2, field, text)), trade(3)];
    const { objects } = await built({ 'trades/00-00_a_0.csv.gz': chunkBytes('trades', lines) });
    const { rejected, trades } = manifestIn(objects);
    expect(rejected.by_reason).toEqual(reason === null ? {} : { [reason]: 1 });
    expect(trades).toMatchObject(
      reason === null ? { rows: 3, missing: [] } : { rows: 2, first_id: 1, last_id: 3, missing: [[2, 2]] },
    );
    expect(barsIn(objects).length).toBeLessThan(400_000);
  });
});

describe.each([
  ['as the recorder writes it', (line: string) => line],
  ['in quotes', quoted],
])('a snapshot %s', (_, dressed) => {
  it.each<[what: string, bad: string, reason: string | null]>([
    ['18 digits on both sides', book(2, `[[1.5,${nines(18)}.${nines(18)}]]`), null],
    [
      'a price of 19 digits',
      book(2, `[[${nines(19)},2]]`),
      'best level of bids has more than 18 digits before its point',
    ],
    [
      'a quantity of 19 places',
      book(2, `[[1.5,0.${nines(19)}]]`),
      'best level of bids has more than 18 digits behind its point',
    ],
    ['an event time of 19 digits', book(2, undefined, `${nines(19)},1`), 'event_time is not a whole number'],
    [
      'a receive time of 19 digits',
      book(2, undefined, `1,${nines(19)}`),
      'received_at is not a whole number',
    ],
  ])('with %s', async (_, bad, reason) => {
    const lines = [book(1), dressed(bad), book(3)];
    const { objects } = await built({ 'depth/00-00_a_0.csv.gz': chunkBytes('depth', lines) });
    const { rejected, depth } = manifestIn(objects);
    expect(rejected.by_reason).toEqual(reason === null ? {} : { [reason]: 1 });
    expect(depth.snapshots).toBe(reason === null ? 3 : 2);
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
    for (const dressed of [
      deep(bytes),
      deep(bytes)
        .replace(/^(\d+)/, '"$1"')
        .replace('[1.4,3]', '[1,3]')
        .replace('"[[1.5,2],[1,3]', '"[[1.5,2],[1,3]'),
    ]) {
      const { objects } = await built({
        'depth/00-00_a_0.csv.gz': chunkBytes('depth', [
          book(1),
          dressed.padEnd(bytes, '0').slice(0, bytes),
          book(3),
        ]),
      });
      expect(manifestIn(objects).rejected.by_reason).toEqual(byReason);
      expect(manifestIn(objects).depth.snapshots).toBe(snapshots);
    }
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
