import { describe, expect, it } from '@jest/globals';
import { type IngestSettings, RECORD, recorderSettings } from '../../ingest/settings.ts';
import { UsageError } from '../../shared/errors.ts';
import { readSettings } from '../../shared/program/settings.ts';

function read(argv: string[], env: Record<string, string> = {}): IngestSettings {
  return recorderSettings(readSettings(RECORD.settings, argv, env), 'Tokyo_1.example');
}
const GOOD = ['--symbols', 'BTCUSDT', '--store', 'lake'];

describe('the recorder’s settings', () => {
  it('come from flags or variables, and have the exchange as default', () => {
    const expected = {
      choice: { symbols: ['BTCUSDT', 'ETHUSDT'] },
      rawUrl: 'gs://raw',
      wsUrl: 'wss://fstream.binance.com',
      restUrl: 'https://fapi.binance.com',
      chunkMinutes: 5,
      spool: 'spool',
      spoolMaxBytes: 2 ** 31,
      port: undefined,
      host: '127.0.0.1',
      staleAfterMs: 30_000,
      connectionMaxMs: 82_800_000,
    };
    const flags = ['--symbols', 'BTCUSDT,ETHUSDT', '--raw', 'gs://raw', '--chunk-minutes', '5'];
    expect(read(flags)).toMatchObject(expected);
    const env = { SYMBOLS: 'BTCUSDT, ETHUSDT', RAW: 'gs://raw', STORE: 'else', CHUNK_MINUTES: '5' };
    expect(read([], env)).toMatchObject(expected);
  });

  it('take every perpetual of a quote asset', () => {
    expect(read(['--symbols', 'all:usdt', '--store', 'x']).choice).toEqual({ quoteAsset: 'USDT' });
  });

  it('do not ask the live exchange about the streams of another', () => {
    expect(read([...GOOD, '--ws-url', 'ws://127.0.0.1:1'])).toMatchObject({ restUrl: undefined });
  });

  it('take an address with credentials, and none with a query', () => {
    const address = 'wss://me:pa"ss w@ex.test:1/base/';
    expect(read([...GOOD, '--ws-url', address]).wsUrl).toBe('wss://me:pa%22ss%20w@ex.test:1/base');
    for (const rest of ['?token=secret', '#secret'])
      expect(() => read([...GOOD, '--ws-url', `wss://ex.test${rest}`])).toThrow(UsageError);
  });

  it.each(['--ws-url', '--rest-url'])('do not repeat the credentials of a wrong %s', (flag) => {
    for (const address of [
      'ftp://me:secret@x',
      'me:secret@x',
      'wss://x?token=secret',
      'wss://me:sec/ret@x:y',
    ]) {
      const read = () =>
        recorderSettings(readSettings(RECORD.settings, [...GOOD, flag, address], {}), 'host');
      expect(read).toThrow(flag);
      expect(read).not.toThrow(/sec/);
    }
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
    ['all of nothing', ['--symbols', 'all:', '--store', 'x'], '--symbols'],
    ['a spool of no size', [...GOOD, '--spool-max-bytes', '0'], '--spool-max-bytes'],
    ['chunks of seven minutes', [...GOOD, '--chunk-minutes', '7'], '--chunk-minutes'],
  ])('refuse %s', (_, argv, named) => {
    expect(() => read(argv)).toThrow(UsageError);
    expect(() => read(argv)).toThrow(named);
  });
});
