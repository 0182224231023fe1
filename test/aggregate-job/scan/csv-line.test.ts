import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { csvFields } from '../../../aggregate-job/scan/csv-line.ts';

/** What csv-parse says of the line. */
function parsed(line: string): string[] | undefined {
  try {
    const [fields = []]: string[][] = parse(line, { record_delimiter: '\n', relax_column_count: true });
    return fields;
  } catch {
    return undefined;
  }
}

describe('the fields of a line', () => {
  it.each([
    'a',
    'a,b',
    ',',
    '"a,b",c',
    '"a""b"',
    '""',
    '"',
    '"a"b',
    'a"b',
    'a,"b',
    '"a",',
    ',"a"',
    '"a\0",\r\0',
    ' "a"',
  ])('are those of csv-parse: %j', (line) => {
    expect(csvFields(line)).toEqual(parsed(line));
  });

  it('are none where a NUL stands behind a quote, which csv-parse takes into the field', () => {
    expect(csvFields('"a"\0')).toBeUndefined();
    expect(parsed('"a"\0')).toEqual(['a\0']);
  });

  it('are those of csv-parse, whatever the line', () => {
    const piece = fc.constantFrom(
      '"',
      '""',
      '","',
      ',',
      ',',
      'a',
      '[[1.5,2]]',
      ' ',
      '\r',

      'é',
      '\ufeff',
    );
    const line = fc
      .array(piece, { minLength: 1, maxLength: 14, size: 'max' })
      .map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(line, (text) => {
        expect(csvFields(text)).toEqual(parsed(text));
      }),
      { numRuns: 3_000 },
    );
  });
});
