import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { UsageError } from '../../shared/errors.ts';
import { openReplay } from '../../simulator/recording/replay.ts';
import { tradesOf } from '../../simulator/source/source.ts';
import { RECORDINGS, recorded } from './recorded.ts';

function file(...lines: string[]): string {
  const path = join(mkdtempSync(join(tmpdir(), 'replay-')), 'a.jsonl.gz');
  writeFileSync(path, gzipSync(lines.join('\n')));
  return path;
}

const frame = (symbol: string, id: number, eventMs: number, price = '1.5'): string =>
  `{"stream":"${symbol.toLowerCase()}@aggTrade","data":{"e":"aggTrade","E":${eventMs},"a":${id},"s":"${symbol}","p":"${price}","q":"2","f":${id},"l":${id},"T":${eventMs},"m":true}}`;

describe('replay', () => {
  it('merges files by exchange time, whatever their own clocks said, and keeps the order within each', () => {
    const a = file(
      `5 ${frame('AUSDT', 1, 100)}`,
      `6 ${frame('AUSDT', 2, 300)}`,
      `7 ${frame('AUSDT', 3, 250)}`,
    );
    const b = file(`9000 ${frame('BUSDT', 1, 200)}`, `9001 ${frame('BUSDT', 2, 290)}`);
    const played = [...openReplay([a, b]).frames()];
    expect(played.map(({ text }) => text)).toEqual([
      frame('AUSDT', 1, 100),
      frame('BUSDT', 1, 200),
      frame('BUSDT', 2, 290),
      frame('AUSDT', 2, 300),
      frame('AUSDT', 3, 250),
    ]);
    expect(played.map(({ atMs }) => atMs)).toEqual([100, 200, 290, 300, 300]);
  });

  it('takes the digits of a symbol from its trades', () => {
    const source = openReplay([
      file(`1 ${frame('AUSDT', 1, 100, '1.50')}`, `2 ${frame('AUSDT', 2, 100, '1.125')}`),
    ]);
    expect(source.instruments).toMatchObject([
      { symbol: 'AUSDT', baseAsset: 'A', quoteAsset: 'USDT', priceDecimals: 3 },
    ]);
    expect([...tradesOf(source, 'AUSDT', '1970-01-01')].map(({ priceUnits }) => priceUnits)).toEqual([
      1500, 1125,
    ]);
  });

  it('names the file and line that cannot be read', () => {
    const path = file(`1 ${frame('AUSDT', 1, 100)}`, 'garbage');
    expect(() => openReplay([path])).toThrow(UsageError);
    expect(() => openReplay([path])).toThrow(`read recording ${path}: line 2`);
    expect(() => openReplay([`${path}.none`])).toThrow(`read recording ${path}.none`);
  });

  recorded('plays every recorded line exactly', () => {
    expect(RECORDINGS.every((path) => existsSync(path))).toBe(true);
    const source = openReplay(RECORDINGS);
    const played = [...source.frames()].map(({ text }) => text);
    for (const [path, symbol] of [
      [RECORDINGS[0], 'btcusdt'],
      [RECORDINGS[1], 'ethusdt'],
    ] as const) {
      const lines = gunzipSync(readFileSync(path ?? ''))
        .toString()
        .trimEnd()
        .split('\n');
      const expected = lines.map((line) => line.slice(line.indexOf(' ') + 1));
      expect(played.filter((text) => text.startsWith(`{"stream":"${symbol}@`))).toEqual(expected);
    }
    expect(played).toHaveLength(20_653);
  });
});
