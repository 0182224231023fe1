import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  archiveObjectName,
  barsObjectName,
  chunkEntryName,
  chunkObjectName,
  isSymbol,
  isWriter,
  manifestObjectName,
  parseChunkName,
  parseRawDayFolder,
  rawDayPrefix,
} from '../../../shared/lake/object-names.ts';
import { isObjectName } from '../../../shared/store/store.ts';

const chunk = fc.record({
  kind: fc.constantFrom('trades' as const, 'depth' as const),
  minute: fc.integer({ min: 0, max: 1439 }),
  writer: fc.stringMatching(/^[a-z0-9-]{1,40}$/),
  n: fc.integer({ min: 0, max: 999_999_999 }),
});

describe('chunk names', () => {
  it('read back as what they were made of', () => {
    fc.assert(
      fc.property(chunk, (parts) => {
        const entry = chunkEntryName(parts);
        expect(parseChunkName(entry)).toEqual(parts);
        expect(parseChunkName(`${entry}.gz`)).toEqual(parts);
        const object = chunkObjectName('BTCUSDT', '2024-07-19', parts);
        expect(object).toBe(`${rawDayPrefix('BTCUSDT', '2024-07-19')}${entry}.gz`);
        expect(isObjectName(object)).toBe(true);
      }),
    );
  });

  it('look as the design says', () => {
    expect(
      chunkObjectName('BTCUSDT', '2024-07-19', { kind: 'trades', minute: 61, writer: 'a-1', n: 0 }),
    ).toBe('raw/BTCUSDT/2024-07-19/trades/01-01_a-1_0.csv.gz');
  });

  it.each([
    'trades/24-00_a_0.csv.gz',
    'trades/00-60_a_0.csv.gz',
    'trades/0-00_a_0.csv.gz',
    'trades/00-00_A_0.csv.gz',
    'trades/00-00_a_b_0.csv.gz',
    'trades/00-00__0.csv.gz',
    'trades/00-00_a_01.csv.gz',
    'trades/00-00_a_-1.csv.gz',
    'trades/00-00_a_1234567890.csv.gz',
    'trades/00-00_a_0.csv.gz\n',
    'trades/00-00_a_0.csv.zip',
    'trade/00-00_a_0.csv.gz',
    'raw/X/2024-07-19/trades/00-00_a_0.csv.gz',
    '',
  ])('are not read from %j', (text) => expect(parseChunkName(text)).toBeUndefined());

  it('never fail on other text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => expect(parseChunkName(text)).toBeUndefined()),
    );
  });
});

describe('isSymbol', () => {
  it.each(['BTCUSDT', '1000PEPEUSDT', 'BTCUSDT_240927', '币安人生USDT', '我踏马来了USDT', 'A.B', 'É', '.A'])(
    'takes %s',
    (text) => expect(isSymbol(text)).toBe(true),
  );

  it.each([
    '',
    '.',
    '..',
    'A..B',
    '../A',
    'A/B',
    '/',
    'A\\B',
    'A B',
    'A,B',
    'A\nB',
    'A\u0000',
    'A\u0085',
    'A\u00a0',
    'A\u200b',
    'A\u202e',
    '\ufeffA',
    '\ud800',
    'A'.repeat(51),
  ])('refuses %j', (text) => expect(isSymbol(text)).toBe(false));

  it('gives names that every store takes, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), (text) => {
        fc.pre(isSymbol(text));
        for (const name of [
          barsObjectName(text, '2024-07-19', '1s'),
          manifestObjectName(text, '2024-07-19'),
          archiveObjectName(text, '2024-07-19'),
        ])
          expect(isObjectName(name) && name.split('/').length === 3).toBe(true);
      }),
    );
  });
});

describe('isWriter', () => {
  it.each(['a', 'repair', 'tokyo-1-0f'])('takes %s', (text) => expect(isWriter(text)).toBe(true));
  it.each(['', 'A', 'a_b', 'a.b', 'a/b', 'ä', 'a\n'])('refuses %j', (text) =>
    expect(isWriter(text)).toBe(false),
  );
});

describe('parseRawDayFolder', () => {
  it('reads the day of a symbol folder', () => {
    expect(parseRawDayFolder('币安人生USDT', 'raw/币安人生USDT/2024-02-29/')).toBe('2024-02-29');
  });

  it.each(['raw/X/2024-02-30/', 'raw/X/2024-02-29', 'raw/X/notes/', 'raw/Y/2024-02-29/', 'raw/X/', ''])(
    'finds none in %j',
    (folder) => expect(parseRawDayFolder('X', folder)).toBeUndefined(),
  );
});
