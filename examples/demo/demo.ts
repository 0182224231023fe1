import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import { UsageError } from '../../shared/errors.ts';
import { rawDayPrefix } from '../../shared/lake/object-names.ts';
import { lineProgress, terminalProgress } from '../../shared/program/progress.ts';
import { addDays, DAY_MINUTES } from '../../shared/time.ts';
import { type Program, type StartProgram, withPrograms } from './program.ts';
import { summary } from './summary.ts';

const SYMBOLS = ['BTCUSDT', 'ETHUSDT'];
const DATE = '2024-07-18';
/** Tells a folder the demo made, which it may remove, from one that holds somebody's data. */
const MARKER = '.demo';

type DemoContext = {
  folder: string;
  terminal: { write(text: string): unknown; isTTY?: boolean; columns?: number };
  now(): number;
  /** Stops the demo, and with it all of its programs. */
  signal: AbortSignal;
};

/** Records a simulated market day over real sockets, builds its files, and says what there is now. Returns the exit code. */
export async function runDemo(context: DemoContext): Promise<number> {
  const { folder, terminal, now, signal } = context;
  await makeFolder(folder);
  const startedMs = now();
  terminal.write(
    `A simulated exchange trades ${SYMBOLS.join(' and ')} for one day; the real recorder and the real job do the rest.\n\n`,
  );
  const code = await withPrograms(signal, (start) => makeDay(start, context));
  if (code === 0) terminal.write(await summary(folder, SYMBOLS, DATE, (now() - startedMs) / 1000));
  return code;
}

/** Runs exchange, recorder and job. Returns the job's exit code. */
async function makeDay(start: StartProgram, context: DemoContext): Promise<number> {
  const exchange = await startExchange(start);
  await record(start, exchange, context);
  const { folder } = context;
  const job = start('aggregate-job/main.ts', ['--store', folder, '--rest-url', exchange.restUrl], 'shown');
  const code = await job.exited;
  await exchange.program.stop();
  return code;
}

type Exchange = { program: Program; restUrl: string; wsUrl: string; ended: Promise<string> };

/** The day after at half past midnight, when the day is over for the job. */
const CLOCK = `${addDays(DATE, 1)}T00:30:00Z`;

async function startExchange(start: StartProgram): Promise<Exchange> {
  const market = [
    '--market',
    '--symbols',
    SYMBOLS.join(','),
    '--date',
    DATE,
    '--depth-ms',
    '1000',
    '--speed',
    'max',
    '--clock',
    CLOCK,
  ];
  const program = start('simulator/main.ts', market, 'read');
  const listening = await program.line(/^listening (\S+) (\S+)$/);
  const [, restUrl = '', wsUrl = ''] = listening;
  return {
    program,
    restUrl,
    wsUrl,
    ended: program.line(/^ended (\d+) frames/).then(([, frames = '']) => frames),
  };
}

async function record(
  start: StartProgram,
  { restUrl, wsUrl, ended }: Exchange,
  { folder, terminal, now }: DemoContext,
): Promise<void> {
  const recorder = start(
    'ingest/main.ts',
    [
      '--store',
      folder,
      '--symbols',
      SYMBOLS.join(','),
      '--ws-url',
      wsUrl,
      '--rest-url',
      restUrl,
      '--writer-id',
      'demo',
      '--spool',
      join(folder, '.spool'),
    ],
    'hidden',
  );
  const progress = terminal.isTTY
    ? terminalProgress(terminal, 'recorder', now)
    : lineProgress(terminal, 'recorder', now);
  const watched = new AbortController();
  if (terminal.isTTY) void showMinutes(folder, (minutes) => progress.update(minutes), watched.signal);
  progress.step(`${SYMBOLS.length * 2} streams of ${DATE}`, DAY_MINUTES);
  try {
    const frames = await Promise.race([
      ended,
      recorder.exited.then((code) =>
        Promise.reject(new Error(`run recorder: it ended with exit code ${code}`)),
      ),
    ]);
    await recorder.stop();
    progress.end({ frames });
  } finally {
    watched.abort();
  }
}

/** The minutes stored so far, four times a second; the recorder itself has nothing to say to this program. */
async function showMinutes(
  folder: string,
  show: (minutes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const chunks = join(folder, rawDayPrefix(SYMBOLS[0] ?? '', DATE), 'depth');
  try {
    for await (const _ of setInterval(250, undefined, { signal }))
      show((await readdir(chunks).catch(() => [])).length);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function makeFolder(folder: string): Promise<void> {
  if (existsSync(folder)) {
    if (!existsSync(join(folder, MARKER)))
      throw new UsageError(`demo: ${folder} exists and was not made by the demo, move it away first`);
    await rm(folder, { recursive: true });
  }
  await mkdir(folder);
  await writeFile(join(folder, MARKER), '');
}
