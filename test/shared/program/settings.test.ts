import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UsageError } from '../../../shared/errors.ts';
import { setting, toggle } from '../../../shared/program/setting.ts';
import { readSettings } from '../../../shared/program/settings.ts';
import { address, integer, list, text } from '../../../shared/program/values.ts';

const SETTINGS = {
  store: setting({ help: 'where', value: 'URL', read: text, fallback: 'lake', env: 'STORE' }),
  symbols: setting({ help: 'which', value: 'LIST', read: list, env: 'SYMBOLS' }),
  chunkMinutes: setting({
    help: 'how long',
    value: 'N',
    read: integer(1, 60),
    fallback: '1',
    env: 'CHUNK_MINUTES',
  }),
  keepRaw: toggle({ help: 'keep', env: 'KEEP_RAW' }),
  mode: setting({ help: 'how', value: 'MODE', choices: ['fast', 'careful'], read: text, fallback: 'fast' }),
};
const read = (argv: string[], env: NodeJS.ProcessEnv = {}) => readSettings(SETTINGS, argv, env);

describe('readSettings', () => {
  it('falls back when nothing is given', () => {
    expect(read([])).toEqual({
      store: 'lake',
      symbols: undefined,
      chunkMinutes: 1,
      keepRaw: false,
      mode: 'fast',
    });
  });

  it('takes the variable over the fallback and the flag over the variable', () => {
    const env = { CHUNK_MINUTES: '5', STORE: 'from-env', SYMBOLS: '', KEEP_RAW: 'true' };
    expect(read(['--store', 'from-flag'], env)).toEqual({
      store: 'from-flag',
      symbols: undefined,
      chunkMinutes: 5,
      keepRaw: true,
      mode: 'fast',
    });
  });

  it('reads both ways of giving a value, also twice the same', () => {
    expect(read(['--chunk-minutes=5', '--symbols', ' A, B ,A,', '--chunk-minutes', '5'])).toMatchObject({
      chunkMinutes: 5,
      symbols: ['A', 'B'],
    });
  });

  it('reads a switch, which a flag can also turn off', () => {
    expect(read(['--keep-raw']).keepRaw).toBe(true);
    expect(read(['--keep-raw=false'], { KEEP_RAW: '1' }).keepRaw).toBe(false);
  });

  it.each([
    [['--symbol', 'A'], '--symbol: unknown flag, did you mean --symbols?'],
    [['--zebra', 'A'], '--zebra: unknown flag, see --help'],
    [['--chunk-minutes', '5', '--chunk-minutes', '15'], '--chunk-minutes: given twice, as 5 and as 15'],
    [['--mode', 'carefull'], '--mode carefull: choose fast, careful; did you mean careful?'],
    [['-s'], '-s: unknown flag'],
    [['--constructor'], '--constructor: unknown flag'],
    [['--__proto__=x'], '--__proto__: unknown flag'],
    [['--no-keep-raw'], '--no-keep-raw: unknown flag'],
    [['--store'], '--store: its value is missing'],
    [['--store', '--keep-raw'], '--store: its value is missing'],
    [['--store', ''], '--store: its value is missing'],
    [['--store='], '--store: its value is missing'],
    [['--chunk-minutes', '0'], '--chunk-minutes 0: not a whole number from 1 to 60'],
    [['--chunk-minutes', '1.5'], '--chunk-minutes 1.5: not a whole number'],
    [['--chunk-minutes', '99999999999999999999'], '--chunk-minutes 99999999999999999999: not a whole number'],
    [['--symbols', ' , '], '--symbols: the list is empty'],
    [['--keep-raw=perhaps'], '--keep-raw perhaps: write true or false'],
  ])('refuses %j in one line', (argv, message) => {
    expect(() => read(argv)).toThrow(UsageError);
    expect(() => read(argv)).toThrow(message);
  });

  it('lets the environment speak only where a setting says so', () => {
    expect(read([], { MODE: 'careful', HELP: '1', SEED: 'x' })).toMatchObject({ mode: 'fast' });
  });

  it('requires what is required', () => {
    const settings = { symbols: setting({ help: 'which', value: 'LIST', read: list, required: 'BTCUSDT' }) };
    expect(() => readSettings(settings, [], {})).toThrow(
      '--symbols is missing, write e.g. --symbols BTCUSDT',
    );
    expect(readSettings(settings, ['--symbols', 'A'], {})).toEqual({ symbols: ['A'] });
  });

  it('names the variable when the mistake is there', () => {
    expect(() => read([], { CHUNK_MINUTES: 'x' })).toThrow(
      'CHUNK_MINUTES x: not a whole number from 1 to 60',
    );
    expect(() => read([], { KEEP_RAW: 'x' })).toThrow('KEEP_RAW x: write true or false');
  });

  it('either reads the arguments or throws a UsageError, whatever they are', () => {
    const argument = fc.oneof(
      fc.string(),
      fc.constantFrom('--store', '--keep-raw', '--symbols=A', '--', '-', '--=', '--valueOf', '--toString=1'),
    );
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 4 }), (argv) => {
        try {
          expect(Object.keys(read(argv))).toEqual(Object.keys(SETTINGS));
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
    );
  });
});

describe('address', () => {
  it.each([
    ['https://fapi.binance.com', 'https://fapi.binance.com'],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080'],
    ['HTTP://HOST/path//', 'http://host/path'],
  ])('reads %s', (text, url) => expect(address('http')(text, '--rest-url')).toBe(url));

  it.each([
    ['nonsense', 'nonsense'],
    ['', ''],
    ['https://', 'https://'],
    ['wss://host', 'wss://host'],
    ['//host', '//host'],
    ['ftp://me:secret@host', '***@host'],
    ['https://host/?key=secret', 'https://host/'],
  ])('refuses %j in one line, without its secrets', (text, told) => {
    const reading = () => address('http')(text, '--rest-url');
    expect(reading).toThrow(UsageError);
    expect(reading).toThrow(`--rest-url ${told}: not an address, write https://HOST`);
  });
});
