import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from '@jest/globals';
import { connect } from './client.ts';

const MAIN = resolve(import.meta.dirname, '../../simulator/main.ts');

let child: ChildProcess | undefined;
afterEach(() => {
  child?.kill('SIGKILL');
});

type Run = { lines: AsyncIterator<string>; ended: Promise<{ code: number | null; errors: string }> };

function simulate(...args: string[]): Run {
  const started = spawn(process.execPath, [MAIN, ...args], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
  child = started;
  let errors = '';
  started.stderr.on('data', (data) => {
    errors += data;
  });
  return {
    lines: createInterface(started.stdout)[Symbol.asyncIterator](),
    ended: once(started, 'close').then(([code]) => ({ code, errors })),
  };
}

async function urls({ lines }: Run): Promise<{ url: string; wsUrl: string }> {
  const { value: line } = await lines.next();
  const [, url = '', wsUrl = ''] = /^listening (http:\S+) (ws:\S+)$/.exec(line) ?? [];
  return { url, wsUrl };
}

describe('the simulator as a program', () => {
  it('tells where it listens, plays a market to its end, closes and exits', async () => {
    const run = simulate(
      '--market',
      '--symbols',
      'BTCUSDT',
      '--trades-per-second',
      '0.05',
      '--depth-ms',
      '60000',
      '--then-close',
    );
    const { wsUrl } = await urls(run);
    const book = await connect(`${wsUrl}/public/stream?streams=btcusdt@depth20@100ms`);
    const closed = once(book.socket, 'close');
    await connect(`${wsUrl}/market/stream?streams=btcusdt@aggTrade`);
    expect((await closed)[0]).toBe(1001);
    expect(book.frames).toHaveLength(1_440);
    expect((await run.lines.next()).value).toMatch(/^ended \d+ frames, the last at 2024-07-18T23:59:/);
    expect(await run.ended).toEqual({ code: 0, errors: '' });
  });

  it('reports the time it is told to, and stops at SIGTERM', async () => {
    const run = simulate('--market', '--clock', '2024-07-19T00:10:00Z');
    const { url } = await urls(run);
    const response = await fetch(`${url}/fapi/v1/time`);
    expect(await response.json()).toEqual({ serverTime: Date.parse('2024-07-19T00:10:00Z') });
    child?.kill('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, errors: '' });
  });

  it('plays a market with faults when no more is said than how many', async () => {
    const run = simulate('--faults', '200');
    const { wsUrl } = await urls(run);
    const streams = ['btcusdt', 'ethusdt'].map((symbol) => `${symbol}@depth20@100ms`).join('/');
    const book = await connect(`${wsUrl}/public/stream?streams=${streams}`);
    const heard = once(book.socket, 'message');
    await connect(`${wsUrl}/market/stream?streams=btcusdt@aggTrade/ethusdt@aggTrade`);
    await heard;
    child?.kill('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, errors: '' });
  });

  it.each([
    [['--market', '--replay', 'x'], 'what to play: give either --replay FILE[,FILE] or --market'],
    [['--replay', '/none.jsonl.gz'], 'read recording /none.jsonl.gz: ENOENT'],
    [['--market', '--depth-ms', '150'], 'depth every 150 ms: snapshots come in steps of 100 ms'],
    [['--market', '--speed', '0'], '--speed 0: not a number above 0'],
    [['--market', '--clock', 'noon'], '--clock noon: not a time'],
  ])('refuses %j with one line and exit 2', async (args, message) => {
    const { code, errors } = await simulate(...args).ended;
    expect(errors).toContain(message);
    expect(errors.trimEnd().split('\n')).toHaveLength(1);
    expect(code).toBe(2);
  });
});
