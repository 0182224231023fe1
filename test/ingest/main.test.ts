import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openStore } from '../../shared/program/open-store.ts';
import { startExchange } from '../../simulator/exchange.ts';
import { createMarket } from '../../simulator/market/market.ts';
import { temporaryFolder } from '../shared/temporary-folder.ts';
import { readChunks } from './chunks.ts';

const MAIN = join(import.meta.dirname, '../../ingest/main.ts');

/** The recorder as a process, with everything it says. */
function start(
  argv: string[],
  env: Record<string, string> = {},
): {
  process: ChildProcess;
  ended: Promise<{ code: number | null; said: string }>;
} {
  const child = spawn('node', [MAIN, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let said = '';
  for (const output of [child.stdout, child.stderr]) output.on('data', (text) => (said += text));
  return { process: child, ended: once(child, 'close').then(([code]) => ({ code, said })) };
}

describe('the recorder’s program', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  it.each([
    ['an unknown flag', ['--symbols', 'BTCUSDT', '--store', '.', '--frobnicate'], '--frobnicate'],
    ['a symbol with a slash', ['--symbols', 'a/b', '--store', '.'], 'a/b'],
    ['a store that does not exist', ['--symbols', 'BTCUSDT', '--store', 'absent'], 'absent'],
  ])('ends with one line and code 2 for %s', async (_, argv, named) => {
    const given = argv.map((arg) => (arg === '.' || arg === 'absent' ? join(folder.path, arg) : arg));
    const { code, said } = await start([...given, '--spool', join(folder.path, 'spool')]).ended;
    expect(said.trim().split('\n')).toEqual([expect.stringContaining(named)]);
    expect(code).toBe(2);
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('ends with one line and code 2 for a bucket that does not exist', async () => {
    const body = JSON.stringify({ error: { code: 404, message: 'The specified bucket does not exist.' } });
    const server = createServer((_, response) =>
      response.writeHead(404, { 'content-type': 'application/json' }).end(body),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // a server that listens on a port has one
    const argv = ['--symbols', 'BTCUSDT', '--store', 'gs://nowhere', '--spool', join(folder.path, 'spool')];
    const { code, said } = await start(argv, { GCS_API_ENDPOINT: `http://127.0.0.1:${port}` }).ended;
    server.close();
    expect(said.trim().split('\n')).toEqual([expect.stringContaining('the bucket does not exist')]);
    expect(code).toBe(2);
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('sends the credentials of its addresses to the exchange and nowhere else', async () => {
    const authorizations: (string | undefined)[] = [];
    const askedOften = Promise.withResolvers<void>();
    const note = ({ headers }: IncomingMessage): void => {
      if (authorizations.push(headers.authorization) === 5) askedOften.resolve();
    };
    const server = createServer((request, response) => {
      note(request);
      response.writeHead(401).end();
    });
    server.on('upgrade', (request, socket) => {
      note(request);
      socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const secret = `me:hush%23hush@127.0.0.1:${port}`;
    const flags = ['--store', folder.path, '--spool', join(folder.path, 'spool'), '--stale-after-s', '1'];
    const addresses = ['--ws-url', `ws://${secret}`, '--rest-url', `http://${secret}`];
    const recorder = start(['--symbols', 'BTCUSDT', ...flags, ...addresses]);
    await Promise.race([askedOften.promise, recorder.ended]);
    recorder.process.kill('SIGTERM');
    const { code, said } = await recorder.ended;
    server.close();
    expect(code).toBe(0);
    expect(new Set(authorizations)).toEqual(new Set([`Basic ${btoa('me:hush#hush')}`]));
    expect(said).toContain('401');
    expect(said).toContain(`***@127.0.0.1:${port}`);
    expect(said).not.toContain('hush');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'stores every open minute on %s and ends with 0',
    async (signal) => {
      const startMs = Date.parse('2024-07-18T23:58:30Z');
      const market = { seed: 3, symbols: ['BTCUSDT'], tradesPerSecond: 5, depthEveryMs: 1_000 };
      const source = createMarket({ ...market, startMs, endMs: startMs + 120_000 });
      const exchange = await startExchange({ source, speed: 'max' });
      try {
        const lake = join(folder.path, 'lake');
        await mkdir(lake);
        const argv = ['--symbols', 'BTCUSDT', '--store', lake, '--ws-url', exchange.wsUrl];
        const recorder = start([...argv, '--rest-url', exchange.url, '--spool', join(folder.path, 'spool')]);
        const { frames } = await exchange.ended;
        recorder.process.kill(signal);
        const { code, said } = await recorder.ended;
        expect({ code, said }).toMatchObject({ code: 0 });
        const chunks = await readChunks(await openStore(lake, { writable: false }));
        expect(chunks.flatMap(({ rows }) => rows)).toHaveLength(frames);
        expect(frames).toBeGreaterThan(120);
        for (const line of said.trim().split('\n'))
          expect(JSON.parse(line)).toMatchObject({ program: 'ingest' });
      } finally {
        await exchange.close();
      }
    },
  );

  it('ends with code 2 and the nearest names for a symbol the exchange does not have', async () => {
    const source = createMarket({
      seed: 3,
      symbols: ['BTCUSDT', 'ETHUSDT'],
      tradesPerSecond: 1,
      depthEveryMs: 1_000,
      startMs: 1_721_300_000_000,
      endMs: 1_721_300_001_000,
    });
    const exchange = await startExchange({ source, speed: 'max' });
    try {
      const flags = ['--store', folder.path, '--spool', join(folder.path, 'spool')];
      const addresses = ['--ws-url', exchange.wsUrl, '--rest-url', exchange.url];
      const { code, said } = await start(['--symbols', 'BTCUSD', ...flags, ...addresses]).ended;
      expect(said.trim().split('\n')).toEqual([
        expect.stringMatching(/BTCUSD: .* nearest are BTCUSDT, ETHUSDT/),
      ]);
      expect(code).toBe(2);
      expect(await readdir(join(folder.path, 'spool'))).toEqual([]);
    } finally {
      await exchange.close();
    }
  });
});
