import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Manifest, manifestText, parseManifest } from '../../../shared/lake/manifest.ts';

const MANIFEST: Manifest = {
  schema_version: 1,
  symbol: 'BTCUSDT',
  date: '2024-07-18',
  verdict: 'partial',
  reasons: ['1 trade ids are missing in 1 ranges'],
  warnings: [],
  proof: 'exchange',
  decimals: { price: 1, quantity: 3 },
  seed: { close: '62384.3', source: 'kline' },
  close: '62387.2',
  cvd: '-1.294',
  trades: {
    rows: 3,
    executions: '99999999999999999999',
    first_id: 7,
    last_id: 11,
    expected_first_id: 7,
    expected_last_id: 11,
    missing: [[8, 8]],
    elsewhere: [[10, 10]],
    repaired: 0,
    duplicates: 0,
    conflicts: 0,
    out_of_order: 0,
    zero_quantity: 0,
  },
  depth: {
    snapshots: 1,
    seconds_covered: 1,
    gaps: [['2024-07-18T00:00:00.000Z', '2024-07-18T23:59:59.999Z']],
    duplicates: 0,
    one_sided: 0,
    crossed: 0,
  },
  klines: { result: 'unavailable', compared: 0, differing: [] },
  inputs: { count: 1, bytes: 2, rows: 3, sha256: 'ab' },
  rejected: { count: 1, by_reason: { 'cut row': 1 }, named: [{ name: 'x', line: 1, reason: 'cut row' }] },
  outputs: [{ name: 'aggregated/BTCUSDT/2024-07-18_1m.csv', bytes: 1, sha256: 'cd', rows: 1440 }],
  archive: { name: 'archive/BTCUSDT/2024-07-18_raw.zip', bytes: 1, sha256: 'ef' },
  code_version: '0.1.0',
};

/** Every place of a value, as a list of keys. */
function placesOf(value: unknown, place: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [place];
  return [place, ...Object.entries(value).flatMap(([key, inner]) => placesOf(inner, [...place, key]))];
}

/** The value with something else in one place; undefined there takes it away. */
function changed(value: unknown, [key, ...rest]: string[], other: unknown): unknown {
  if (key === undefined) return other;
  if (Array.isArray(value))
    return value.map((item, i) => (String(i) === key ? changed(item, rest, other) : item));
  const entries = Object.entries(Object(value));
  return Object.fromEntries(
    entries.map(([name, item]) => [name, name === key ? changed(item, rest, other) : item]),
  );
}

describe('a manifest', () => {
  it('is read as it was written', () => {
    expect(parseManifest(manifestText(MANIFEST))).toEqual(MANIFEST);
  });

  it('may have keys of later versions', () => {
    expect(parseManifest(JSON.stringify({ ...MANIFEST, odd: { objects: 1 } }))).toEqual(MANIFEST);
  });

  const places = fc.constantFrom(...placesOf(MANIFEST));
  it('with anything in any place is refused in one short line, or every field is what it should be', () => {
    fc.assert(
      fc.property(places, fc.jsonValue({ depthSize: 'small' }), (place, other) => {
        const text = JSON.stringify(changed(MANIFEST, place, other));
        let read: Manifest;
        try {
          read = parseManifest(text);
        } catch (error) {
          expect(String(error)).toMatch(/^Error: [^\n]{1,300}$/);
          return;
        }
        expect(parseManifest(manifestText(read))).toEqual(read);
        expect(read.close ?? '0').toMatch(/^\d{1,18}(\.\d{1,18})?$/);
        expect(read.trades.missing.every(([from, to]) => from <= to)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('without any one of its keys is refused, and the line names the key', () => {
    const isOptional = (place: string[]): boolean =>
      place.length === 0 ||
      place.at(-1) === 'elsewhere' ||
      place.includes('by_reason') ||
      /^\d+$/.test(place.at(-1) ?? '');
    for (const place of placesOf(MANIFEST).filter((candidate) => !isOptional(candidate))) {
      const key = place.at(-1) ?? '';
      const text = JSON.stringify(changed(MANIFEST, place, undefined));
      expect(() => parseManifest(text)).toThrow(
        new RegExp(key === 'schema_version' ? key : `${place.join('.')}: .`),
      );
    }
  });
});
