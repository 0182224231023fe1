// Chunks whose checksum does not vouch for them: kept whole, outranked by any that is intact, and no proof of anything.

import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { unzipSync } from 'fflate';
import { rawDayPrefix } from '../../../shared/lake/object-names.ts';
import { MemoryStore } from '../../shared/store/memory-store.ts';
import { chunkBytes, depthLine, type Trade, tradeLine } from '../chunks.ts';
import { barsIn, manifestIn, namesIn, runDay, zipIn } from '../job.ts';
import { DATE, DAY_START, SYMBOL } from '../market-day.ts';

const PREFIX = rawDayPrefix(SYMBOL, DATE);

const trade = (id: number, change: Partial<Trade> = {}): string =>
  tradeLine({
    T: DAY_START + id * 1_000,
    price: '1.5',
    quantity: '2',
    maker: true,
    id,
    first: id,
    last: id,
    ...change,
  });
const trades = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => trade(from + i));

/** A chunk without its checksum: all rows but the last one can be read. */
const cut = (kind: 'trades' | 'depth', lines: string[]): Buffer =>
  chunkBytes(kind, [...lines, 'x']).subarray(0, -8);

async function built(chunks: Record<string, Buffer>, runs = 1): Promise<MemoryStore> {
  const store = new MemoryStore(
    new Map(Object.entries(chunks).map(([name, bytes]) => [PREFIX + name, bytes])),
  );
  for (let run = 0; run < runs; run++) expect(await runDay({ store })).toMatchObject({ code: 0 });
  return store;
}

/** Flags of the bars of the first minutes. */
const complete = ({ objects }: MemoryStore): boolean[] =>
  barsIn(objects)
    .split('\n')
    .slice(1, 10)
    .map((line) => line.endsWith(',true'));

const bar = ({ objects }: MemoryStore, minute: number): Record<string, string> => {
  const [names = '', ...lines] = barsIn(objects).split('\n');
  const cells = lines[minute]?.split(',') ?? [];
  return Object.fromEntries(names.split(',').map((name, i) => [name, cells[i] ?? '']));
};

describe('bytes behind the last gzip member', () => {
  const first = chunkBytes('trades', trades(1, 2));
  const rest = gzipSync(`${trade(3)}\n`);
  const name = 'trades/00-00_a_0.csv.gz';

  it('that are zeros are padding', async () => {
    const { objects } = await built({ [name]: Buffer.concat([first, rest, Buffer.alloc(700)]) });
    expect(manifestIn(objects)).toMatchObject({ trades: { rows: 3 }, rejected: { count: 0 } });
  });

  it.each([
    ['half of a chunk behind a zero', Buffer.concat([first, Buffer.alloc(1), rest])],
    ['a zero page and another member', Buffer.concat([first, Buffer.alloc(4_096), rest])],
    ['zeros and one bit', Buffer.concat([first, Buffer.alloc(4_096), Buffer.from([1])])],
  ])('that are %s are damage, and all of them are kept', async (_, bytes) => {
    const { objects } = await built({ [name]: bytes }, 2);
    expect(manifestIn(objects)).toMatchObject({
      verdict: 'partial',
      trades: { rows: 2 },
      rejected: { count: 1, named: [{ name: PREFIX + name, line: 0 }] },
    });
    expect(namesIn(objects, 'raw/')).toEqual([]);
    const kept = unzipSync(zipIn(objects))[`rejected/${name}`];
    expect(Buffer.from(kept ?? []).equals(bytes)).toBe(true);
  });
});

describe('a row of a chunk without its checksum', () => {
  it.each([
    ['a', 'b'],
    ['repair', 'a'],
    ['a', 'repair'],
    ['a', 'vision-0123456789abcdef'],
  ])('of writer %s gives way to that of an intact one of writer %s', async (damaged, intact) => {
    const store = await built(
      {
        [`trades/00-00_${damaged}_0.csv.gz`]: cut('trades', [trade(1), trade(2, { quantity: '2000' })]),
        [`trades/00-00_${intact}_0.csv.gz`]: chunkBytes('trades', trades(1, 3)),
      },
      2,
    );
    expect(bar(store, 0)).toMatchObject({ vol_total: '6', agg_trade_count: '3' });
    expect(manifestIn(store.objects).trades).toMatchObject({ missing: [], duplicates: 1, conflicts: 1 });
  });

  it('gives way in another quarter of an hour too', async () => {
    const late = trade(2, { T: DAY_START + 1_000_000, quantity: '7' });
    const store = await built({
      'trades/00-15_a_0.csv.gz': cut('trades', [late]),
      'trades/00-00_b_0.csv.gz': chunkBytes('trades', trades(1, 3)),
    });
    expect(bar(store, 0)).toMatchObject({ vol_total: '6' });
    expect(bar(store, 16)).toMatchObject({ vol_total: '0' });
    expect(manifestIn(store.objects).trades).toMatchObject({ rows: 3, missing: [], conflicts: 1 });
  });

  it('of a snapshot gives way too', async () => {
    const book = (quantity: string) =>
      depthLine({ T: DAY_START + 5, u: 1, bids: [['1.5', quantity]], asks: [['1.6', '1']] });
    const store = await built({
      'depth/00-00_a_0.csv.gz': cut('depth', [book('9000')]),
      'depth/00-00_b_0.csv.gz': chunkBytes('depth', [book('3')]),
    });
    expect(bar(store, 0)).toMatchObject({ avg_bid_qty: '3.0000', depth_count: '1' });
  });

  it('is used where no other has its id, but proves nothing', async () => {
    const store = await built(
      {
        'trades/00-00_a_0.csv.gz': chunkBytes('trades', trades(1, 179)),
        'trades/00-03_a_0.csv.gz': cut('trades', trades(180, 239)),
        'trades/00-04_a_0.csv.gz': chunkBytes('trades', trades(240, 500)),
      },
      2,
    );
    const { verdict, reasons, trades: found } = manifestIn(store.objects);
    expect(verdict).toBe('partial');
    expect(reasons).toContain('60 trade ids are missing in 1 ranges');
    expect(found).toMatchObject({ rows: 500, first_id: 1, last_id: 500, missing: [[180, 239]] });
    expect(bar(store, 3)).toMatchObject({ vol_total: '120', agg_trade_count: '60' });
    // the hole reaches from the last certain trade before it to the first one after it
    expect(complete(store)).toEqual([false, true, false, false, false, true, true, true, false]);
  });

  it('with an id far away opens no hole up to it', async () => {
    const { objects } = await built({
      'trades/00-00_a_0.csv.gz': chunkBytes('trades', trades(1, 9)),
      'trades/00-01_a_0.csv.gz': cut('trades', [trade(60, { id: 9_000_000 })]),
      'trades/00-02_a_0.csv.gz': chunkBytes('trades', [trade(10, { T: DAY_START + 130_000 })]),
    });
    expect(manifestIn(objects).trades).toMatchObject({ rows: 11, missing: [[9_000_000, 9_000_000]] });
  });

  it('starts no new counting of ids', async () => {
    const { objects } = await built({
      'trades/00-00_a_0.csv.gz': chunkBytes('trades', trades(1_000, 1_009)),
      'trades/12-00_a_0.csv.gz': cut('trades', [trade(5, { T: DAY_START + 43_200_000 })]),
    });
    expect(manifestIn(objects).reasons.join()).not.toContain('started again');
  });
});
