// Manifests, evidence, plans and leases that are not what they should be: cut, of another version, without fields, or a lie.

import { createHash } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { unzipSync } from 'fflate';
import { type ZipEntry, zipBytes } from '../../aggregate-job/archive/zip-write.ts';
import { parsePlan } from '../../aggregate-job/plan/plan.ts';
import { parseEvidence } from '../../aggregate-job/proof/evidence.ts';
import type { Manifest } from '../../shared/lake/manifest.ts';
import { archiveObjectName, leaseObjectName, manifestObjectName } from '../../shared/lake/object-names.ts';
import { DAY_MS } from '../../shared/time.ts';
import { MemoryStore } from '../shared/store/memory-store.ts';
import { type Trade, writeRows } from './chunks.ts';
import { manifestIn, namesIn, type Ran, runDay } from './job.ts';
import { DATE, DAY_AFTER, DAY_BEFORE, DAY_START, SYMBOL } from './market-day.ts';

const LATER = DAY_START + 30 * DAY_MS;
const DAYS = [DAY_BEFORE, DATE, DAY_AFTER];

/** Two trades a day, ids without a gap, each at a price of its own. */
function tradesOn(date: string): Trade[] {
  const first = 100 + 2 * DAYS.indexOf(date);
  return [first, first + 1].map((id, i) => ({
    T: Date.parse(`${date}T00:00:00Z`) + (1 + i) * 3_600_000,
    price: `${id}.5`,
    quantity: '1',
    maker: false,
    id,
    first: id,
    last: id,
  }));
}

let store: MemoryStore;
beforeEach(async () => {
  store = new MemoryStore();
  for (const date of DAYS) await writeRows(store, SYMBOL, 'a', { trades: tradesOn(date) });
});

const run = (from?: string): Promise<Ran> =>
  runDay({
    store,
    nowMs: LATER,
    settings: { symbols: 'all', from, to: from, resolutions: [{ name: '1h', seconds: 3600 }] },
  });
const put = (name: string, content: unknown): void =>
  void store.objects.set(name, Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)));
const putManifest = (date: string, content: unknown, symbol = SYMBOL): void =>
  put(manifestObjectName(symbol, date), content);
const built = (date: string): Manifest => manifestIn(store.objects, date);
const told = ({ log }: Ran, words: string): unknown[] =>
  log.filter(({ message }) => String(message).includes(words)).map(({ message }) => message);

const isFull = process.env['TAPELAKE_FAULTS'] === 'full';

const NONE_OF_OURS: [string, unknown][] = [
  ['has no fields', { schema_version: 1 }],
  ['is cut', '{"schema_version": 1, "sym'],
  ['is null', 'null'],
  ['is of another version', { schema_version: 2 }],
];

describe('a manifest of a neighbour', () => {
  it.each(isFull ? NONE_OF_OURS : NONE_OF_OURS.slice(0, 2))(
    'that %s ends neither the run nor another day, and is told once',
    async (_, content) => {
      await writeRows(store, 'ETHUSDT', 'a', { trades: tradesOn(DAY_AFTER) });
      putManifest(DATE, content);
      const ran = await run();
      expect(ran.code).toBe(1);
      expect(built(DAY_BEFORE).verdict).toBe('partial');
      expect(built(DAY_AFTER).trades.rows).toBe(2);
      expect(built(DAY_AFTER).seed).toEqual({ close: null, source: null });
      expect(store.objects.has(manifestObjectName('ETHUSDT', DAY_AFTER))).toBe(true);
      const lines = ran.log.filter(({ message }) =>
        String(message).includes(manifestObjectName(SYMBOL, DATE)),
      );
      expect(lines.map(({ severity }) => severity).sort()).toEqual(['ERROR', 'WARNING']);
    },
  );

  const lies: [string, object][] = [
    ['a close with an exponent', { close: '1e5' }],
    ['another symbol', { symbol: 'ETHUSDT' }],
    ['ids beyond 2^53', { trades: { last_id: 2 ** 60 } }],
    ['a close beyond the limits', { close: '1'.repeat(19) }],
    ['a close with too many places', { close: `1.${'1'.repeat(19)}` }],
    ['a negative close', { close: '-1.5' }],
    ['a close that is a number', { close: 1.5 }],
    ['another day', { date: DATE }],
    ['ids that are no integers', { trades: { expected_last_id: 101.5 } }],
  ];
  it.each(isFull ? lies : lies.slice(0, 3))('with %s says nothing', async (_, change) => {
    await run(DAY_BEFORE);
    const manifest = built(DAY_BEFORE);
    const trades = { ...manifest.trades, ...('trades' in change ? Object(change.trades) : {}) };
    putManifest(DAY_BEFORE, { ...manifest, ...change, trades });
    const ran = await run(DATE);
    expect(ran.code).toBe(0);
    expect(built(DATE)).toMatchObject({
      seed: { close: null, source: null },
      trades: { expected_first_id: null },
    });
    expect(told(ran, manifestObjectName(SYMBOL, DAY_BEFORE))).toHaveLength(1);
  });
});

describe('a manifest of the day itself', () => {
  it.each(NONE_OF_OURS)(
    'that %s keeps the day as it is, and the error says what to do',
    async (_, content) => {
      putManifest(DATE, content);
      const before = new Map(store.objects);
      const ran = await run(DATE);
      expect(ran.code).toBe(1);
      expect(told(ran, 'to build the day from its chunks and zip, delete it')).toHaveLength(1);
      expect(Object.fromEntries(store.objects)).toEqual(Object.fromEntries(before));
    },
  );
});

describe('the evidence of a day', () => {
  const withEvidence = async (change: object): Promise<void> => {
    const name = archiveObjectName(SYMBOL, DATE);
    const entries = unzipSync(store.objects.get(name) ?? Buffer.alloc(0));
    const evidence: object = JSON.parse(Buffer.from(entries['evidence.json'] ?? '').toString());
    entries['evidence.json'] = Buffer.from(JSON.stringify({ ...evidence, ...change }));
    async function* zipEntries(): AsyncGenerator<ZipEntry> {
      for (const [entry, bytes] of Object.entries(entries))
        yield {
          name: entry,
          method: 'deflate',
          packed: deflateRawSync(bytes),
          crc32: crc32(bytes),
          size: bytes.length,
        };
    }
    const parts: Uint8Array[] = [];
    for await (const part of zipBytes(zipEntries(), createHash('sha256'))) parts.push(part);
    store.objects.set(name, Buffer.concat(parts));
  };

  it.each([
    ['seed.close', { seed: { close: '1e5', source: 'manifest' } }],
    ['expected_first.id', { expected_first: { id: '100', source: 'exchange' } }],
    ['klines.0', { klines: [[0, '1', '2']] }],
  ])('that cannot be believed is refused with its place: %s', (place, change) => {
    const evidence = {
      schema_version: 1,
      seed: null,
      expected_first: null,
      expected_last: null,
      klines: null,
    };
    expect(() => parseEvidence(JSON.stringify({ ...evidence, ...change }))).toThrow(place);
    expect(() => parseEvidence(JSON.stringify({ schema_version: 1 }))).toThrow('seed');
  });

  it('that cannot be read fails its day alone', async () => {
    await run(DATE);
    await withEvidence({ seed: { close: '1e5', source: 'manifest' } });
    const ran = await run(); // which begins with the day before, and so with other evidence for this one
    expect(ran.code).toBe(1);
    const name = archiveObjectName(SYMBOL, DATE);
    expect(told(ran, `read evidence.json in ${name}: seed.close: no plain decimal number`)).toHaveLength(1);
    expect(namesIn(store.objects, 'raw/')).toEqual([]);
    expect(built(DAY_AFTER).trades.rows).toBe(2);
  });
});

describe('a plan', () => {
  it.each([
    ['tasks.0.0.symbol', [[{ bytes: 1, dates: [DATE] }]]],
    ['tasks.0.0.dates.0', [[{ symbol: SYMBOL, bytes: 1, dates: ['2024-02-30'] }]]],
    ['tasks.0.0.bytes', [[{ symbol: SYMBOL, bytes: '1', dates: [DATE] }]]],
    ['tasks.0', ['BTCUSDT']],
  ])('that is none of ours is refused with its place: %s', (place, tasks) => {
    expect(() => parsePlan(JSON.stringify({ schema_version: 1, tasks }), 1)).toThrow(place);
  });
});

it('a lease of a process 0 or of nobody holds nothing', async () => {
  const expires_at = new Date(LATER + 60_000).toISOString();
  put(leaseObjectName(SYMBOL, DATE), { owner: { host: 'x', process: 0, task: '' }, expires_at });
  put(leaseObjectName(SYMBOL, DAY_AFTER), { owner: { process: 1 }, expires_at });
  expect((await run()).code).toBe(0);
});
