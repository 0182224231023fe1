// Every fault of a chunk or a row that the job must survive: the good rows count, the bad one is named with object, line and reason.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DEPTH_HEADER } from '../../../shared/lake/depth.ts';
import { parseManifest } from '../../../shared/lake/manifest.ts';
import { manifestObjectName } from '../../../shared/lake/object-names.ts';
import { TRADE_HEADER } from '../../../shared/lake/trade.ts';
import { chunkBytes, depthLine, tradeLine } from '../chunks.ts';
import { bars, build, DATE, type Lake, openLake, put, SYMBOL } from '../lake.ts';

const START = Date.parse(`${DATE}T00:00:00Z`);
const PREFIX = `raw/${SYMBOL}/${DATE}/`;

const trade = (id: number, field = '', text = ''): string => {
  const fields = tradeLine({
    T: START + id,
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
const snapshot = (
  u: number,
  bids = '[[1.5,2],[1.4,3]]',
  asks = '[[1.6,2]]',
  T: number | string = START + u,
): string => `${T},"${bids}","${asks}",${u},${START},${START}`;

let lake: Lake;
beforeEach(async () => {
  lake = await openLake();
});
afterEach(() => lake.remove());

describe('a bad row', () => {
  it.each<[what: string, bad: string, reason: string]>([
    ['missing fields', trade(2).split(',').slice(0, 7).join(','), 'missing fields'],
    ['extra fields', `${trade(2)},1`, 'extra fields'],
    ['text for a price', trade(2, 'price', 'high'), 'price is not a decimal number'],
    ['text for an id', trade(2, 'agg_trade_id', 'x2'), 'agg_trade_id is not a whole number'],
    ['no id', trade(2, 'agg_trade_id', ''), 'agg_trade_id is not a whole number'],
    ['a negative quantity', trade(2, 'quantity', '-2'), 'quantity is negative'],
    ['a negative price', trade(2, 'price', '-1.5'), 'price is negative'],
    ['a price of 0', trade(2, 'price', '0.00'), 'price is 0'],
    ['an exponent', trade(2, 'price', '1e5'), 'price is not a decimal number'],
    ['a bare point', trade(2, 'quantity', '.5'), 'quantity is not a decimal number'],
    ['a blank', trade(2, 'price', ' 1.5'), 'price is not a decimal number'],
    ['an infinite price', trade(2, 'price', 'Infinity'), 'price is not a decimal number'],
    [
      'a maker that is neither',
      trade(2, 'is_buyer_maker', 'True'),
      'is_buyer_maker is neither true nor false',
    ],
    ['ids that fall', trade(2, 'last_trade_id', '1'), 'last_trade_id is below first_trade_id'],
    ['a time in seconds', trade(2, 'timestamp', '1721260800'), 'time outside its day'],
    ['a time of the day before', trade(2, 'timestamp', `${START - 1}`), 'time outside its day'],
    ['a time of the day after', trade(2, 'timestamp', `${START + 86_400_000}`), 'time outside its day'],
    ['a time that is text', trade(2, 'timestamp', '2024-07-18'), 'timestamp is not a whole number'],
    ['an event time that is text', trade(2, 'event_time', 'now'), 'event_time is not a whole number'],
    ['a NUL byte', trade(2, 'price', '1\0.5'), 'NUL byte'],
    ['an open quote', trade(2).replace('1.5', '"1.5'), 'quotes do not match'],
    ['nothing', '', 'empty line'],
  ])('with %s leaves the others', async (_, bad, reason) => {
    await put(lake, `${PREFIX}trades/00-00_a_0.csv.gz`, chunkBytes('trades', [trade(1), bad, trade(3)]));
    const manifest = await build(lake);
    const name = `${PREFIX}trades/00-00_a_0.csv.gz`;
    expect(manifest.rejected).toEqual({
      count: 1,
      by_reason: { [reason]: 1 },
      named: [{ name, line: 3, reason }],
    });
    expect(manifest.trades).toMatchObject({ rows: 2, missing: [[2, 2]] });
    expect(manifest.inputs.rows).toBe(3);
    expect((await bars(lake))[0]).toMatchObject({ vol_total: '4', agg_trade_count: '2' });
  });

  it.each<[what: string, bad: string, reason: string]>([
    ['missing fields', `${START},"[[1,1]]"`, 'missing fields'],
    ['text for a level', snapshot(2, '[["1.5",2]]'), 'quotes do not match'],
    ['no array', snapshot(2, '1.5'), 'bids is not an array of [price,quantity]'],
    ['an array that ends early', snapshot(2, '[[1.5,2],[1'), 'bids is not an array of [price,quantity]'],
    ['a best price of 0', snapshot(2, undefined, '[[0.0,2]]'), 'best level of asks has a 0'],
    ['a best quantity of 0', snapshot(2, '[[1,0]]'), 'best level of bids has a 0'],
    ['a best level of three', snapshot(2, '[[1,2,3]]'), 'bids is not an array of [price,quantity]'],
    ['a time outside its day', snapshot(2, undefined, undefined, START - 1), 'time outside its day'],
    ['an id that is text', snapshot(2).replace(',2,', ',two,'), 'last_update_id is not a whole number'],
  ])('of a book with %s leaves the others', async (_, bad, reason) => {
    await put(lake, `${PREFIX}depth/00-00_a_0.csv.gz`, chunkBytes('depth', [snapshot(1), bad, snapshot(3)]));
    const manifest = await build(lake);
    const name = `${PREFIX}depth/00-00_a_0.csv.gz`;
    expect(manifest.rejected).toEqual({
      count: 1,
      by_reason: { [reason]: 1 },
      named: [{ name, line: 3, reason }],
    });
    expect(manifest.depth.snapshots).toBe(2);
  });

  it('matters to the verdict only when no other row has its id', async () => {
    await put(
      lake,
      `${PREFIX}trades/00-00_a_0.csv.gz`,
      chunkBytes('trades', [trade(1), trade(2, 'price', 'x'), trade(3), trade(4, 'price', 'x')]),
    );
    await put(lake, `${PREFIX}trades/00-00_b_0.csv.gz`, chunkBytes('trades', [trade(2)]));
    expect((await build(lake)).reasons).toContain('1 rejected rows hold trade ids that no other row holds');
  });

  it('is named among the first thousand, and counted always', async () => {
    await put(
      lake,
      `${PREFIX}trades/00-00_a_0.csv.gz`,
      chunkBytes('trades', [trade(1), ...Array.from({ length: 1200 }, () => 'x')]),
    );
    const { rejected } = await build(lake);
    expect(rejected).toMatchObject({ count: 1200, by_reason: { 'missing fields': 1200 } });
    expect(rejected.named.map(({ line }) => line)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 3));
  });
});

describe('a bad chunk', () => {
  const good = [trade(1), trade(2), trade(3)];
  const whole = `${TRADE_HEADER}\n${good.join('\n')}\n`;
  it.each<[what: string, bytes: Buffer, rows: number, reasons: Record<string, number>]>([
    ['with another header', gzipSync(whole.replace('price', 'Price')), 0, { 'another header': 1 }],
    [
      'with the columns of the book',
      gzipSync(`${DEPTH_HEADER}\n${depthLine({ T: START, u: 1, bids: [['1', '1']], asks: [] })}\n`),
      0,
      { 'another header': 1 },
    ],
    ['without a header', gzipSync(whole.slice(TRADE_HEADER.length + 1)), 0, { 'another header': 1 }],
    ['that is empty text', gzipSync(''), 0, { 'another header': 1 }],
    ['that is not gzip', Buffer.from(whole), 0, { 'not gzip': 1 }],
    ['that is nothing', Buffer.alloc(0), 0, { 'not gzip': 1 }],
    ['of NUL bytes', gzipSync(`${TRADE_HEADER}\n${'\0'.repeat(50)}\n${good[0]}\n`), 1, { 'NUL byte': 1 }],
    [
      'that is good but for rubbish behind it',
      Buffer.concat([gzipSync(whole), Buffer.from('rubbish')]),
      3,
      { 'incorrect header check': 1 },
    ],
    ['that is cut in its trailer', gzipSync(whole).subarray(0, -4), 3, { 'unexpected end of file': 1 }],
    ['with CRLF line ends', gzipSync(whole.replaceAll('\n', '\r\n')), 3, {}],
    ['without a last line end', gzipSync(whole.trimEnd()), 3, {}],
    ['with CRLF and without a last line end', gzipSync(whole.replaceAll('\n', '\r\n').trimEnd()), 3, {}],
    ['of nothing but a header without a line end', gzipSync(TRADE_HEADER), 0, {}],
  ])('%s', async (_, bytes, rows, reasons) => {
    const name = `${PREFIX}trades/00-00_a_0.csv.gz`;
    await put(lake, name, bytes);
    const { rejected, trades } = await build(lake);
    expect(trades.rows).toBe(rows);
    expect(rejected.by_reason).toEqual(reasons);
    expect(rejected.named.every((named) => named.name === name)).toBe(true);
  });

  it('that is cut leaves its last row out, which might lack digits', async () => {
    const many = Array.from({ length: 500 }, (_, i) => trade(i));
    await put(lake, `${PREFIX}trades/00-00_a_0.csv.gz`, chunkBytes('trades', many).subarray(0, -200));
    const { rejected, trades } = await build(lake);
    expect(rejected.by_reason).toEqual({ 'cut row': 1, 'unexpected end of file': 1 });
    expect(trades.rows).toBeGreaterThan(300);
    expect(trades.last_id).toBe(trades.rows - 1);
    expect(rejected.named.find(({ reason }) => reason === 'cut row')?.line).toBe(trades.rows + 2);
  });

  it('that is not named like one is told, and kept', async () => {
    await put(lake, `${PREFIX}trades/00-00_a_0.csv.gz`, chunkBytes('trades', good));
    await put(lake, `${PREFIX}trades/00-00_A_0.csv.gz`, chunkBytes('trades', good));
    await put(lake, `${PREFIX}trades/24-00_a_0.csv.gz`, chunkBytes('trades', good));
    expect(await build(lake)).toMatchObject({
      trades: { rows: 3, duplicates: 0 },
      rejected: { by_reason: { 'not named like a chunk': 2 } },
    });
  });
});

it('names an object in the stored manifest by its very name, whatever it looks like', async () => {
  const names = ['note [ 1, 2 ].txt', '["a",  "b"].txt', '[ "1", 2 ].txt'].map((name) => PREFIX + name);
  for (const name of names) await put(lake, name, Buffer.from('no chunk'));
  await put(lake, `${PREFIX}trades/00-00_a_0.csv.gz`, chunkBytes('trades', [trade(1)]));
  await build(lake);
  const stored = parseManifest(await readFile(join(lake.path, manifestObjectName(SYMBOL, DATE)), 'utf8'));
  expect(stored.rejected.named.map(({ name }) => name).sort()).toEqual(names.sort());
});
