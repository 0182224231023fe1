import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseSync } from '@swc/core';
import { applied, mutantsOf } from '../../bench/mutate/mutants.ts';

/** Each mutant as `LINE: FROM -> TO`. */
const told = (source: string): string[] =>
  mutantsOf(source).map(({ line, from, to }) => `${line}: ${from} -> ${to}`);
const texts = (source: string): string[] => mutantsOf(source).map((mutant) => applied(source, mutant));

describe('mutantsOf', () => {
  it('changes operators, bounds, constants and conditions, and leaves statements out, one at a time', () => {
    const source = `import { a } from './a.ts';
export function grow(bytes: Uint8Array, at: 7 | 8): number {
  let sum = -at; // 币 1 + 1
  if (!a || sum >= 1_000) return sum * 2n;
  for (const byte of bytes) {
    if (byte < 3) continue;
    sum += byte;
    sum++;
  }
  call(sum);
  while (true) break;
  throw Math.min(sum, (bytes[at] ?? 0) & (at as number)) ? new Error() : false;
}
`;
    expect(told(source)).toEqual([
      '3: -x -> x',
      '4: condition -> true',
      '4: condition -> false',
      '4: || -> &&',
      '4: !x -> x',
      '4: >= -> >',
      '4: >= -> <',
      '4: 1_000 -> 1001',
      '4: * -> /',
      '4: 2n -> 3n',
      '6: condition -> true',
      '6: condition -> false',
      '6: < -> <=',
      '6: < -> >=',
      '6: 3 -> 4',
      '6: continue; -> left out',
      '7: sum += byte; -> left out',
      '7: += -> -=',
      '8: sum++; -> left out',
      '8: ++ -> --',
      '10: call(sum); -> left out',
      '11: true -> false',
      '11: break; -> left out',
      '12: throw Math.min(sum, (bytes[at] ?? 0) & (at as number)) ? new -> left out',
      '12: condition -> true',
      '12: condition -> false',
      '12: min -> max',
      '12: & -> |',
      '12: ?? -> &&',
      '12: false -> true',
    ]);
  });

  it('puts each change where it belongs, whatever stands before', () => {
    expect(texts('/* é币 */ const a = "币" + b;\n')).toEqual(['/* é币 */ const a = (("币") - (b));\n']);
    expect(texts('const a = b ?? c ?? 1;')).toEqual([
      'const a = ((b ?? c) && (1));',
      'const a = ((b) && (c)) ?? 1;',
      'const a = b ?? c ?? 2;',
    ]);
  });

  it('sees no types', () => {
    expect(told('type A = 1 | 2;\nconst a: 3 | true = b as 4;\ninterface B { c: 5 }\n')).toEqual([]);
  });

  it('makes programs of all that it changes', () => {
    const folder = join(import.meta.dirname, '../../shared/store/gcs');
    for (const name of readdirSync(folder)) {
      const source = readFileSync(join(folder, name), 'utf8');
      for (const text of texts(source)) {
        expect(text).not.toBe(source);
        parseSync(text, { syntax: 'typescript', target: 'es2024' });
      }
    }
  });
});
