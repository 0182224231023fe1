import { describe, expect, it } from '@jest/globals';
import { type IngestSettings, readIngestSettings } from '../../ingest/settings.ts';
import { UsageError } from '../../shared/errors.ts';

function read(argv: string[], env: Record<string, string> = {}): IngestSettings {
  const settings = readIngestSettings(argv, env, 'Tokyo_1.example');
  if (typeof settings === 'string') throw new Error('read settings: got the help');
  return settings;
}
const GOOD = ['--symbols', 'BTCUSDT', '--store', 'lake'];

describe('the recorder’s settings', () => {
  it('come from flags or variables, and have the exchange as default', () => {
    const expected = {
      symbols: ['BTCUSDT', 'ETHUSDT'],
      rawUrl: 'gs://raw',
      wsUrl: 'wss://fstream.binance.com',
      restUrl: 'https://fapi.binance.com',
      chunkMinutes: 5,
    };
    const flags = ['--symbols', 'BTCUSDT,ETHUSDT', '--raw', 'gs://raw', '--chunk-minutes', '5'];
    expect(read(flags)).toMatchObject(expected);
    const env = { SYMBOLS: 'BTCUSDT, ETHUSDT', RAW: 'gs://raw', STORE: 'else', CHUNK_MINUTES: '5' };
    expect(read([], env)).toMatchObject(expected);
  });

  it('explain themselves', () => {
    expect(readIngestSettings(['--help'], {}, 'host')).toContain('--symbols VALUE');
  });

  it('name every run anew, after the host unless an id is given', () => {
    expect(read(GOOD).writer).toMatch(/^tokyo-1-example-[0-9a-f]{16}$/);
    expect(read([...GOOD, '--writer-id', 'blue']).writer).toMatch(/^blue-[0-9a-f]{16}$/);
    expect(read(GOOD).writer).not.toBe(read(GOOD).writer);
  });

  it.each([
    ['no symbols', ['--store', 'lake'], '--symbols'],
    ['an empty list of symbols', ['--symbols', ',', '--store', 'lake'], '--symbols'],
    ['a symbol with a slash', ['--symbols', 'BTC/USDT', '--store', 'lake'], 'BTC/USDT'],
    ['a symbol with two dots', ['--symbols', '..', '--store', 'lake'], '..'],
    ['no store', ['--symbols', 'BTCUSDT'], '--store'],
    ['an unknown flag', [...GOOD, '--symbol', 'X'], '--symbol'],
    ['a missing value', ['--symbols', 'BTCUSDT', '--store'], '--store'],
    ['the job’s own writer', [...GOOD, '--writer-id', 'repair'], 'repair'],
    ['a writer with capitals', [...GOOD, '--writer-id', 'Blue'], 'Blue'],
    ['a WebSocket address of another kind', [...GOOD, '--ws-url', 'https://x'], '--ws-url'],
    ['no address at all', [...GOOD, '--rest-url', 'binance'], '--rest-url'],
    ['chunks of seven minutes', [...GOOD, '--chunk-minutes', '7'], '--chunk-minutes'],
  ])('refuse %s', (_, argv, named) => {
    expect(() => read(argv)).toThrow(UsageError);
    expect(() => read(argv)).toThrow(named);
  });
});
