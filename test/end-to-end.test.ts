// The whole path as a person runs it: three programs, real sockets, a folder. The recorded market goes in, and what comes out
// is compared with the exchange's own klines of the same minutes.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { barsObjectName } from '../shared/lake/object-names.ts';
import { hasRecordings, RECORDINGS, recordedKlines } from './aggregate-job/recording.ts';

const REPOSITORY = resolve(import.meta.dirname, '..');
const DAYS = ['2024-07-18', '2024-07-19'];
/** Our column for each field of a kline that is compared, by the field's place. */
const FIELDS: [place: number, column: string][] = [
  [1, 'open'],
  [2, 'high'],
  [3, 'low'],
  [4, 'close'],
  [5, 'vol_total'],
  [7, 'quote_vol_total'],
  [8, 'trade_count'],
  [9, 'vol_buy'],
  [10, 'quote_vol_buy'],
];

(hasRecordings ? describe : describe.skip)(
  'recording, recorder, job (skipped without ../shared/data)',
  () => {
    let lake = '';

    beforeAll(async () => {
      lake = mkdtempSync(join(tmpdir(), 'tapelake-path-'));
      const files = RECORDINGS.join(',');
      const exchange = start('simulator/main.ts', [
        '--replay',
        files,
        '--speed',
        'max',
        '--clock',
        '2024-07-20T00:30:00Z',
      ]);
      const [, restUrl = '', wsUrl = ''] = await exchange.line(/^listening (\S+) (\S+)/);
      const ended = exchange.line(/^ended/);
      const recorder = start('ingest/main.ts', [
        '--store',
        lake,
        '--symbols',
        'BTCUSDT,ETHUSDT',
        '--spool',
        join(lake, '.spool'),
        '--ws-url',
        wsUrl,
        '--rest-url',
        restUrl,
      ]);
      await ended;
      expect(await recorder.stop()).toBe(0);
      expect(
        (await readdir(join(lake, 'raw'), { recursive: true })).filter((name) =>
          /_[1-9]\d*\.csv\.gz$/.test(name),
        ),
      ).toEqual([]);
      expect(await start('aggregate-job/main.ts', ['--store', lake, '--offline']).exited).toBe(0);
      await exchange.stop();
    }, 60_000);

    afterAll(() => rmSync(lake, { recursive: true }));

    it('gives bars that equal the exchange’s klines of all seven whole minutes, on nine fields, exactly', () => {
      const bars = new Map(
        DAYS.flatMap((date) => readBars(lake, date)).map((bar) => [Date.parse(bar['timestamp'] ?? ''), bar]),
      );
      const klines = recordedKlines('BTCUSDT-1m-20240718T2358-20240719T0004.csv');
      expect(klines).toHaveLength(7);
      for (const kline of klines) {
        const bar = bars.get(Number(kline[0])) ?? {};
        const ours = FIELDS.map(([, column]) => plain(bar[column] ?? ''));
        expect(ours).toEqual(FIELDS.map(([place]) => plain(kline[place] ?? '')));
      }
    });

    it('archives the raw chunks of both days and leaves none behind', async () => {
      const files = await readdir(lake, { recursive: true, withFileTypes: true });
      const names = files.filter((file) => file.isFile()).map((file) => file.name);
      expect(names.filter((name) => name.endsWith('.csv.gz'))).toEqual([]);
      expect(names.filter((name) => name.endsWith('_raw.zip')).sort()).toEqual(
        ['BTCUSDT', 'ETHUSDT']
          .flatMap(() => DAYS)
          .sort()
          .map((date) => `${date}_raw.zip`),
      );
    });
  },
);

function readBars(lake: string, date: string): Record<string, string>[] {
  return parse(readFileSync(join(lake, barsObjectName('BTCUSDT', date, '1m'))), { columns: true });
}

/** A decimal without the zeros that say nothing. */
function plain(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}

function start(script: string, args: string[]) {
  const child = spawn(process.execPath, [join(REPOSITORY, script), ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {},
  });
  const exited = new Promise<number | null>((done) => child.once('exit', done));
  const lines = createInterface(child.stdout);
  return {
    exited,
    line: (pattern: RegExp) =>
      new Promise<RegExpExecArray>((found, failed) => {
        lines.on('line', (line) => {
          const match = pattern.exec(line);
          if (match) found(match);
        });
        void exited.then((code) => failed(new Error(`${script} ended with exit code ${code}`)));
      }),
    stop: () => {
      child.kill('SIGTERM');
      return exited;
    },
  };
}
