import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseManifest } from '../../shared/lake/manifest.ts';
import { manifestObjectName } from '../../shared/lake/object-names.ts';
import { openStore } from '../../shared/program/open-store.ts';
import { dateOf } from '../../shared/time.ts';
import { type Trade, writeRows } from './chunks.ts';
import { bars, DATE, digests, everything, type Lake, openLake, put, SYMBOL } from './lake.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const MAIN = join(REPOSITORY, 'aggregate-job/main.ts');

type Ended = { code: number | null; errors: string; output: string };

/** Runs the job as a program; DIR stands for the lake's folder. */
async function run(argv: string[], env: Record<string, string> = {}): Promise<Ended> {
  const args = argv.map((arg) => arg.replace('DIR', lake.path));
  const variables = Object.entries(env).map(([name, value]) => [name, value.replace('DIR', lake.path)]);
  return ended(
    spawn(process.execPath, [MAIN, ...args], { cwd: REPOSITORY, env: Object.fromEntries(variables) }),
  );
}

async function ended(child: ReturnType<typeof spawn>): Promise<Ended> {
  const told: Ended = { code: null, errors: '', output: '' };
  child.stderr?.on('data', (data) => (told.errors += data));
  child.stdout?.on('data', (data) => (told.output += data));
  [told.code] = await once(child, 'close');
  return told;
}

const tradesOn = (date: string): Trade[] =>
  [1, 2, 3].map((id) => ({
    T: Date.parse(`${date}T10:00:00Z`) + id,
    price: '1.5',
    quantity: '2',
    maker: false,
    id,
    first: id,
    last: id,
  }));

let lake: Lake;
beforeEach(async () => {
  lake = await openLake();
});
afterEach(() => lake.remove());

describe('a mistake', () => {
  const day = ['--symbols', SYMBOL, '--date', DATE, '--offline'];
  const today = dateOf(Date.now());
  it.each<[what: string, argv: string[], line: RegExp]>([
    ['an unknown flag', ['--store', 'DIR', '--frobnicate'], /^--frobnicate: unknown flag, see --help$/],
    [
      'a missing value',
      ['--store', 'DIR', '--date', '--offline'],
      /^--date: its value is missing, write --date VALUE$/,
    ],
    ['no store', day, /^--store or --raw: missing, name a folder or gs:/],
    [
      'no such date',
      ['--store', 'DIR', '--date', '2024-02-30'],
      /^--date 2024-02-30: not a calendar date, write it as YYYY-MM-DD/,
    ],
    [
      'a day that is not closed',
      ['--store', 'DIR', '--date', today, '--offline'],
      new RegExp(`^--date ${today}: this day is not closed yet`),
    ],
    [
      'an empty list of symbols',
      ['--store', 'DIR', '--symbols', ','],
      /^--symbols: the list is empty, give at least one item$/,
    ],
    [
      'a symbol with a slash',
      ['--store', 'DIR', '--symbols', 'BTC/USDT'],
      /^--symbols BTC\/USDT: not a symbol, write e.g. BTCUSDT/,
    ],
    [
      'a symbol with dots',
      ['--store', 'DIR', '--symbols', '..'],
      /^--symbols \.\.: not a symbol, write e.g. BTCUSDT/,
    ],
    [
      'a resolution that does not divide the day',
      ['--store', 'DIR', '--resolutions', '7m'],
      /^--resolutions 7m: not a length that divides the day, write e.g. 1s/,
    ],
    [
      'a store that does not exist',
      ['--store', 'DIR/none', ...day],
      /--store.*none: no such folder, create it first \(mkdir -p /,
    ],
    [
      'a store that is a file',
      ['--store', 'DIR/file', ...day],
      /--store.*file: no such folder, create it first/,
    ],
  ])('%s is one line, exit code 2, and nothing written', async (_, argv, line) => {
    await writeFile(join(lake.path, 'file'), '');
    const before = await everything(lake);
    const { code, errors, output } = await run(argv);
    expect(errors.trimEnd().split('\n')).toEqual([expect.stringMatching(line)]);
    expect({ code, output }).toEqual({ code: 2, output: '' });
    expect(await everything(lake)).toEqual(before);
  });

  const isRoot = process.getuid?.() === 0;
  (isRoot ? it.skip : it)(
    `a store that cannot be written${isRoot ? ' (skipped: root may write everywhere)' : ''}`,
    async () => {
      await chmod(lake.path, 0o500);
      expect(await run(['--store', 'DIR', ...day])).toMatchObject({
        code: 2,
        errors: expect.stringMatching(/^open store .*: not writable, check its permissions\n$/),
      });
      await chmod(lake.path, 0o700);
    },
  );
});

describe('the job as a program', () => {
  it('says which prefix is empty, with exit code 1, and writes nothing', async () => {
    const before = await digests(lake);
    for (const symbols of [SYMBOL, 'all']) {
      const { code, errors } = await run([
        '--store',
        'DIR',
        '--symbols',
        symbols,
        '--date',
        DATE,
        '--offline',
      ]);
      expect([code, errors]).toEqual([
        1,
        expect.stringContaining(`nothing under raw/${symbols === 'all' ? '*' : symbols}/${DATE}/ of `),
      ]);
    }
    expect(await digests(lake)).toEqual(before);
  });

  it('builds every closed day of every symbol, oldest first, and goes on where one fails', async () => {
    for (const [symbol, date] of [
      ['BTCUSDT', '2024-07-19'],
      ['BTCUSDT', '2024-07-18'],
      ['ETHUSDT', '2024-07-18'],
      ['币安人生USDT', '2024-07-18'],
      ['BTCUSDT', dateOf(Date.now())],
    ] as const)
      await writeRows(lake.store, symbol, 'a', { trades: tradesOn(date) });
    await put(lake, `archive/BTCUSDT/2024-07-18_raw.zip`, 'not a zip');
    const { code, errors } = await run(['--store', 'DIR', '--offline']);
    expect(code).toBe(1);
    const lines = errors
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const failed = lines.filter(({ severity, event }) => severity === 'ERROR' && event !== 'old-raw');
    expect(failed).toEqual([
      expect.objectContaining({
        symbol: 'BTCUSDT',
        date: '2024-07-18',
        message: expect.stringMatching(/^open archive archive\/BTCUSDT\/2024-07-18_raw.zip: /),
      }),
    ]);
    const built = lines.filter(({ step }) => step === 'write').map(({ work }) => work);
    expect(built).toEqual([
      '2/4 ETHUSDT 2024-07-18',
      '3/4 币安人生USDT 2024-07-18',
      '4/4 BTCUSDT 2024-07-19',
    ]);
    expect(existsSync(join(lake.path, manifestObjectName('币安人生USDT', '2024-07-18')))).toBe(true);
    expect(
      Object.keys(await digests(lake, 'raw/')).map((name) => name.split('/').slice(1, 3).join(' ')),
    ).toEqual(['BTCUSDT 2024-07-18', `BTCUSDT ${dateOf(Date.now())}`]);
  });

  it('takes its settings from the environment, raw and results apart, whatever the time zone', async () => {
    for (const folder of ['raw-store', 'results-1', 'results-2']) await mkdir(join(lake.path, folder));
    await writeRows(await openStore(join(lake.path, 'raw-store'), { writable: true }), SYMBOL, 'a', {
      trades: tradesOn(DATE),
    });
    const env = {
      RAW: 'DIR/raw-store',
      SYMBOLS: SYMBOL,
      DATE,
      OFFLINE: 'true',
      KEEP_RAW: 'true',
      RESOLUTIONS: '1m,12h',
    };
    expect(await run([], { ...env, RESULTS: 'DIR/results-1', TZ: 'Asia/Tokyo' })).toMatchObject({ code: 0 });
    expect(await run([], { ...env, RESULTS: 'DIR/results-2', TZ: 'America/New_York' })).toMatchObject({
      code: 0,
    });
    const [first, second] = [await digests(lake, 'results-1/'), await digests(lake, 'results-2/')];
    expect(Object.keys(first)).toEqual(
      [
        `aggregated/${SYMBOL}/${DATE}_12h.csv`,
        `aggregated/${SYMBOL}/${DATE}_1m.csv`,
        manifestObjectName(SYMBOL, DATE),
        `archive/${SYMBOL}/${DATE}_raw.zip`,
      ].map((name) => `results-1/${name}`),
    );
    expect(Object.values(second)).toEqual(Object.values(first));
  });

  it('reads chunks that other software wrote by the contract', async () => {
    const written = spawnSync('python3', ['-c', PYTHON_RECORDER, lake.path], { encoding: 'utf8' });
    if (written.error) return console.warn('skipped: no python3 on this machine');
    expect(written.stderr).toBe('');
    const npm = spawn(
      'npm',
      [
        'run',
        '-s',
        'aggregate',
        '--',
        '--store',
        lake.path,
        '--symbols',
        SYMBOL,
        '--date',
        DATE,
        '--offline',
      ],
      { cwd: REPOSITORY },
    );
    expect(await ended(npm)).toMatchObject({ code: 0 });
    const stored = await lake.store.read(manifestObjectName(SYMBOL, DATE));
    expect(parseManifest(stored?.bytes.toString() ?? '')).toMatchObject({
      decimals: { price: 1, quantity: 2 },
      trades: { rows: 1440, executions: 2880, missing: [], first_id: 1000, last_id: 2439 },
      depth: { snapshots: 1440 },
      rejected: { count: 0 },
    });
    const minutes = await bars(lake);
    expect(minutes).toHaveLength(1440);
    expect(minutes[77]).toEqual({
      timestamp: '2024-07-18T01:17:00Z',
      ...{ open: '64077.5', high: '64077.5', low: '64077.5', close: '64077.5', vwap: '64077.50000' },
      ...{ vol_total: '0.25', vol_buy: '0.00', vol_sell: '0.25', vol_delta: '-0.25', trade_count: '2' },
      ...{
        avg_spread: '0.10000',
        avg_bid_qty: '3.000000',
        avg_ask_qty: '1.000000',
        cvd: '0.00',
        l1_imbalance: '0.750000',
      },
      ...{
        quote_vol_total: '16019.375',
        quote_vol_buy: '0.000',
        agg_trade_count: '1',
        depth_count: '1',
        trades_complete: 'true',
      },
    });
    expect((await bars(lake, DATE, '1s')).length).toBe(86_400);
  });
});

/** A recorder in Python: csv, gzip and the contract, nothing else. */
const PYTHON_RECORDER = `
import csv, gzip, io, os, sys, calendar
start = calendar.timegm((2024, 7, 18, 0, 0, 0)) * 1000
def write(kind, minute, header, rows):
    folder = os.path.join(sys.argv[1], "raw", "BTCUSDT", "2024-07-18", kind)
    os.makedirs(folder, exist_ok=True)
    text = io.StringIO()
    out = csv.writer(text, quoting=csv.QUOTE_ALL if minute % 2 else csv.QUOTE_MINIMAL)
    out.writerow(header) if not minute % 2 else text.write(",".join(header) + "\\r\\n")
    out.writerows(rows)
    name = "%02d-%02d_python-1_0.csv.gz" % (minute // 60, minute % 60)
    with gzip.open(os.path.join(folder, name), "wb") as file: file.write(text.getvalue().encode())
for first in range(0, 1440, 15):
    minutes = range(first, first + 15)
    write("trades", first, "timestamp,price,quantity,is_buyer_maker,agg_trade_id,first_trade_id,last_trade_id,quantity_no_rpi,event_time,received_at".split(","),
        [[start + m * 60000 + 500, "%d.50" % (64000 + m), "0.250", "true" if m % 2 else "false", 1000 + m, 2 * m, 2 * m + 1, "", "", ""] for m in minutes])
    write("depth", first, "timestamp,bids,asks,last_update_id,event_time,received_at".split(","),
        [[start + m * 60000 + 600, "[[64000.1,3],[64000.0,1]]", "[[64000.2,1]]", 5000 + m, "", ""] for m in minutes])
`;
