import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Bench } from '../bench.ts';
import { median } from '../program/alternate.ts';
import { play } from './play.ts';

const RATE = 40_000;
const FRAMES = 400_000;
const RECORDING = resolve(import.meta.dirname, '../../../shared/data/replay');
const WAYS = [
  ['nothing', 'empty handler'],
  ['json', 'JSON.parse and a template'],
  ['tardis', 'tardis-dev normalizer'],
  ['tapelake', 'tapelake, rows'],
] as const;
/** Rates tried one after the other, in frames a second, for so many seconds each. */
const RATES = [50_000, 75_000, 100_000, 125_000, 150_000, 175_000, 200_000, 250_000, 300_000];
const SUSTAINED_SECONDS = 10;
/** So many frames are those of thousands of symbols, which are recorded into longer chunks; one minute is the hard case. */
const CHUNK_MINUTES = [1, 15];

/** What a frame costs from the socket to its row, and how many a second the whole recorder takes. */
export async function measureRecorder(bench: Bench): Promise<void> {
  if (!existsSync(RECORDING)) {
    bench.print('recorder: left out, the recorded frames are not beside the repository');
    return;
  }
  await measureFrames(bench);
  for (const minutes of CHUNK_MINUTES) await measureRate(bench, minutes);
}

type Received = { frames: number; cpuSeconds: number; checksum: number; textBytes: number };

async function measureFrames({ tools, times, note, print }: Bench): Promise<void> {
  const ways = WAYS.filter(([way]) => way !== 'tardis' || tools.has.tardis);
  const costs = new Map<string, number[]>(ways.map(([way]) => [way, []]));
  const hashes = new Map<string, string>();
  for (let round = 0; round <= times; round++) {
    for (const [way, name] of ways) {
      note(`${name}, run ${round}`);
      const file = join(import.meta.dirname, 'receiver.ts');
      const { output } = await play(
        RATE,
        FRAMES,
        (port) => ({ file, args: [way, port, tools.npmFolder, ...(round === 0 ? ['checked'] : [])] }),
        () => {},
      );
      const { frames, cpuSeconds, checksum, textBytes }: Received = JSON.parse(output);
      if (frames !== FRAMES) throw new Error(`receive frames: ${frames} of ${FRAMES} came`);
      // What is measured is the recorder's work, not the check of it: that is done in the run that does not count.
      if (round === 0) hashes.set(way, `${checksum} ${textBytes}`);
      else costs.get(way)?.push((cpuSeconds / frames) * 1e6);
    }
  }
  if (hashes.get('json') !== hashes.get('tapelake'))
    throw new Error('compare rows: they differ from those of JSON.parse');
  print(
    `recorder at ${RATE.toLocaleString('en')} frames/s        CPU s per million frames    range    to ours`,
  );
  const ours = costs.get('tapelake') ?? [];
  for (const [way, name] of ways) {
    const values = costs.get(way) ?? [];
    const ratio = median(values.map((value, i) => value / (ours[i] ?? Number.NaN)));
    const range = `${Math.min(...values).toFixed(2)}-${Math.max(...values).toFixed(2)}`;
    print(
      `${name.padEnd(34)} ${median(values).toFixed(2).padStart(10)} ${range.padStart(18)} ${`${ratio.toFixed(2)}x`.padStart(9)}${way === 'json' ? '  equal' : ''}`,
    );
  }
}

async function measureRate({ folder, note, print }: Bench, minutes: number): Promise<void> {
  let best = `not even ${RATES[0]?.toLocaleString('en')} frames/s`;
  for (const rate of RATES) {
    note(`whole recorder at ${rate} frames/s, chunks of ${minutes} min`);
    const store = join(folder, 'recorded');
    mkdirSync(store, { recursive: true });
    const file = join(import.meta.dirname, '../../ingest/main.ts');
    const args = ['--symbols', 'BTCUSDT', '--raw', store, '--spool', join(folder, 'spool')];
    args.push('--chunk-minutes', String(minutes), '--ws-url');
    const { sent, usage } = await play(
      rate,
      rate * SUSTAINED_SECONDS,
      (port) => ({ file, args: [...args, `ws://127.0.0.1:${port}`] }),
      (recorder) => recorder.kill('SIGTERM'),
    );
    rmSync(store, { recursive: true, force: true });
    if (sent.framesPerSecond < 0.98 * rate) break;
    const cpu = (usage.cpuSeconds / (rate * SUSTAINED_SECONDS)) * 1e6;
    best = `${rate.toLocaleString('en')} frames/s sustained through rows, gzip and folder; ${cpu.toFixed(1)} CPU s per million frames`;
  }
  print(`whole recorder, chunks of ${minutes} min: ${best}`);
}
