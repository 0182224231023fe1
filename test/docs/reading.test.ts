// Runs the snippets of docs/reading.md, and the one of the README,, on a symbol whose first trade comes at noon. A tool that is
// not on the machine is skipped with a line that says so.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openStore } from '../../shared/program/open-store.ts';
import { type Trade, writeRows } from '../aggregate-job/chunks.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const NOON = Date.parse('2024-07-18T12:00:00Z');
const CACHED_PYTHON = join(homedir(), '.cache/tapelake/python/bin/python3');
const PYTHON = existsSync(CACHED_PYTHON) ? CACHED_PYTHON : 'python3';

const trades: Trade[] = Array.from({ length: 600 }, (_, i) => ({
  T: NOON + i * 500,
  price: `${60000 + (i % 7)}.${i % 10}0`,
  quantity: `${i % 3}.00${1 + (i % 9)}`,
  maker: i % 2 === 0,
  id: 1000 + i,
  first: 5000 + 2 * i,
  last: 5001 + 2 * i,
}));

let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tapelake-readme-'));
  mkdirSync(join(folder, 'lake'));
  await writeRows(await openStore(join(folder, 'lake'), { writable: true }), 'BTCUSDT', 'a', { trades });
  const job = [
    join(REPOSITORY, 'aggregate-job/main.ts'),
    '--store',
    'lake',
    '--date',
    '2024-07-18',
    '--offline',
  ];
  execFileSync(process.execPath, job, { cwd: folder, stdio: 'pipe' });
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('snippets of the documentation, on a day whose first trade comes at noon', () => {
  it('pandas', () => {
    check(
      'pandas',
      snippet('python', 'pandas'),
      [
        'print(len(bars), bars["trade_count"].sum(), bars["open"].dtype, bars.index.dtype.kind)',
        'print(bars["open"].isna().sum(), bars["trades_complete"].dtype, bars["avg_spread"].dtype)',
      ],
      ['86400 1200 float64 M', '43200 boolean float64'],
    );
  });

  it('pandas, the short form', () => {
    check(
      'pandas',
      snippet('python', 'pandas', 'README.md'),
      ['print(len(bars), bars["trade_count"].sum(), bars["open"].dtype, bars.index.dtype.kind)'],
      ['1440 1200 float64 M'],
    );
  });

  it('Polars', () => {
    check(
      'polars',
      snippet('python', 'polars'),
      [
        'print(bars.height, bars["trade_count"].sum(), bars["open"].dtype, bars["timestamp"].dtype)',
        'print(bars["open"].null_count(), bars["trades_complete"].dtype, bars["avg_spread"].dtype)',
      ],
      ["86400 1200 Float64 Datetime(time_unit='us', time_zone='UTC')", '43200 Boolean Float64'],
    );
  });

  it('DuckDB', () => {
    const view = `import duckdb\nduckdb.sql("""${snippet('sql', 'read_csv')}""")`;
    check(
      'duckdb',
      view,
      [
        'print(*duckdb.sql("SELECT count(*), sum(trade_count), typeof(any_value(open)), count(open) FROM bars").fetchall()[0])',
        'print(*duckdb.sql("SELECT min(timestamp), any_value(typeof(trades_complete)) FROM bars").fetchall()[0])',
      ],
      ['1440 1200 DECIMAL(38,12) 720', '2024-07-18 00:00:00 BOOLEAN'],
    );
  });
});

function check(module: string, program: string, questions: string[], answers: string[]): void {
  if (spawnSync(PYTHON, ['-c', `import ${module}`]).status !== 0) {
    console.warn(`skipped: ${PYTHON} has no ${module} (pip install ${module})`);
    return;
  }
  const { stdout, stderr } = spawnSync(PYTHON, ['-c', `${program}\n${questions.join('\n')}`], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect({ stderr, lines: stdout.trim().split('\n') }).toEqual({ stderr: '', lines: answers });
}

/** The one block of a page in `language` that mentions `word`. */
function snippet(language: string, word: string, page = 'docs/reading.md'): string {
  const text = readFileSync(join(REPOSITORY, page), 'utf8');
  const blocks = [...text.matchAll(/```(\w+)\n(.*?)```/gs)].filter(
    ([, tag, block]) => tag === language && block?.includes(word),
  );
  expect(blocks).toHaveLength(1);
  return blocks[0]?.[2] ?? '';
}
