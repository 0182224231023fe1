import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { REPOSITORY } from './dockerfile.ts';

const readme = readFileSync(join(REPOSITORY, 'infra/README.md'), 'utf8');
const rows = readme
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.replace(/[*,]/g, '').trim()),
  );

function price(name: string): number {
  const [, text] = rows.find(([first]) => first?.startsWith(name)) ?? [];
  if (text === undefined) throw new Error(`read README: no price of ${name}`);
  return Number(text);
}

/** The columns of the cost table, by the formulas above it. */
function costs(symbols: number, recorders: number, chunkMinutes: number): number[] {
  const seconds = 2_592_000;
  const [cpu, memory, standard] = [price('CPU'), price('memory'), price('Standard')];
  const chunks = (2 * 1_440 * recorders) / chunkMinutes;
  const classA = ((30 * symbols * (chunks * 1.003 + 8)) / 1_000) * price('Class A');
  const classB = ((30 * symbols * (2 * chunks + 20)) / 1_000) * price('Class B');
  const recording = recorders * seconds * (cpu + (symbols < 500 ? 1.25 : 1.75) * memory);
  const taskSeconds = 5 + (10 * recorders) / chunkMinutes + 3 * recorders;
  const building = 30 * symbols * taskSeconds * 2 * (cpu + memory);
  const [files, zips] = [30 * symbols * 0.0124, 30 * symbols * 0.05 * recorders];
  const storage = (1.5 * symbols * 0.05 * recorders + (files + zips) / 2) * standard;
  const total = classA + classB + recording + building + storage;
  return [classA, classB, recording, building, storage, total, files * standard + zips * price('Coldline')];
}

describe('the cost table', () => {
  const table = rows.filter((row) => row.length === 10 && /^\d+$/.test(row[0] ?? ''));

  it('has 1, 10, 100 and 500 symbols, one and two recorders, chunks of 1, 5 and 15 minutes', () => {
    const cases = [1, 10, 100, 500].flatMap((n) =>
      [1, 2].flatMap((r) => [1, 5, 15].map((c) => `${n} ${r} ${c} min`)),
    );
    expect(table.map((row) => row.slice(0, 3).join(' '))).toEqual(cases);
  });

  it('is what its formulas give', () => {
    for (const [symbols = '', recorders = '', chunk = '', ...cells] of table) {
      const expected = costs(Number(symbols), Number(recorders), Number.parseInt(chunk, 10));
      expect(cells).toEqual(expected.map((usd) => usd.toFixed(usd < 10 ? 2 : 0)));
    }
  });
});
