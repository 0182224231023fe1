import { describe, expect, it } from '@jest/globals';
import { parseResolution } from '../../../shared/bars/resolution.ts';
import { UsageError } from '../../../shared/errors.ts';

describe('a resolution', () => {
  it.each([
    ['1s', 1],
    ['90s', 90],
    ['5m', 300],
    ['4h', 14_400],
    ['1d', 86_400],
    ['86400s', 86_400],
  ])('%s is bars of %d seconds', (name, seconds) => {
    expect(parseResolution(name, '--resolutions')).toEqual({ name, seconds });
  });

  it.each(['', '0s', '7m', '7s', '2d', '1', 'm', '01m', '1M', '-1s', '1.5m', '1m ', '172800s', '5h'])(
    'refuses %j, naming the option',
    (text) => {
      expect(() => parseResolution(text, '--resolutions')).toThrow(UsageError);
      expect(() => parseResolution(text, '--resolutions')).toThrow(`--resolutions ${text}: `);
    },
  );
});
