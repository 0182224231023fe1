import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UsageError } from '../../../../shared/errors.ts';
import { openStore } from '../../../../shared/program/open-store.ts';
import type { Store } from '../../../../shared/store/store.ts';
import type { Clock } from '../../../../shared/time.ts';

/** What a server answers that behaves in a way the emulator does not know. */
type Answered = { status: number; body?: unknown; headers?: Record<string, string> };
type Answer = Answered | 'silence';

let server: Server;
let endpoint: string;
let requests: string[];
let answer: (request: IncomingMessage) => Answer;

const error = (code: number, message: string, reason = 'test'): Answered => ({
  status: code,
  body: { error: { code, message, errors: [{ message, reason, domain: 'global' }] } },
});
const BUCKET: Answer = { status: 200, body: { name: 'bucket' } };

beforeEach(async () => {
  requests = [];
  answer = () => BUCKET;
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url?.replace(/\?$/, '')}`);
    request.resume();
    request.on('end', () => give(response, answer(request)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function give(response: ServerResponse, given: Answer): void {
  if (given === 'silence') return;
  response.writeHead(given.status, { 'content-type': 'application/json', ...given.headers });
  response.end(given.body instanceof Uint8Array ? given.body : JSON.stringify(given.body));
}

/** A clock whose deadlines never pass and whose other sleeps take no time. */
function testClock(): Clock & { sleptMs: number[] } {
  let nowMs = 0;
  const sleptMs: number[] = [];
  return {
    sleptMs,
    now: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: async (ms, signal) => {
      if (signal) await once(signal, 'abort');
      signal?.throwIfAborted();
      sleptMs.push(ms);
      nowMs += ms;
    },
  };
}

const open = (
  options: { clock?: Clock; warn?: (message: string) => void; endpoint?: string } = {},
): Promise<Store> =>
  openStore('gs://bucket/lake', {
    writable: true,
    gcsApiEndpoint: options.endpoint ?? endpoint,
    warn: options.warn,
    gcsPatience: { clock: options.clock ?? testClock(), random: () => 1 },
  });

describe('openStore', () => {
  it.each([
    ['gs://', 'no bucket has this name'],
    ['gs://ab', 'no bucket has this name'],
    ['gs://Bucket', 'no bucket has this name'],
    ['gs://bucket-', 'no bucket has this name'],
    ['gs:/bucket', 'no such folder'],
    ['gs://bucket/../x', 'is not allowed as a prefix'],
    ['gs://bucket/a//b', 'is not allowed as a prefix'],
    ['gs://bucket/a\nb', 'is not allowed as a prefix'],
    ['s3://bucket', 'stores are folders or gs://BUCKET[/PREFIX]'],
  ])('refuses %j', async (url, message) => {
    const opening = openStore(url, { writable: true, gcsApiEndpoint: endpoint });
    await expect(opening).rejects.toThrow(UsageError);
    await expect(opening).rejects.toThrow(message);
    expect(requests).toEqual([]);
  });

  it.each(['gs://bucket', 'gs://bucket/', 'gs://bucket/a/b/', 'gs://my.bucket_1'])(
    'takes %s',
    async (url) => {
      const store = await openStore(url, { writable: true, gcsApiEndpoint: `${endpoint}/` });
      expect(store.url).toBe(url.replace(/\/$/, ''));
    },
  );

  it('refuses an endpoint that is no address', async () => {
    await expect(open({ endpoint: 'localhost:4443' })).rejects.toThrow('localhost:4443 is no endpoint');
  });

  it('says so when there is no such bucket, or nobody accepts the credentials', async () => {
    answer = () => error(404, 'The specified bucket does not exist.');
    await expect(open()).rejects.toThrow('open store gs://bucket/lake: the bucket does not exist');
    answer = () => error(401, 'Invalid Credentials');
    const refused = open();
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(
      /no valid Google credentials \(Invalid Credentials\); run "gcloud auth/,
    );
    expect(requests).toHaveLength(2);
  });

  it('goes on where the bucket itself may not be looked at', async () => {
    answer = () => error(403, 'no storage.buckets.get access');
    await expect(open()).resolves.toMatchObject({ url: 'gs://bucket/lake' });
  });

  it('waits for a bucket that cannot be reached just now', async () => {
    answer = () => (requests.length < 4 ? error(503, 'later') : BUCKET);
    const clock = testClock();
    await open({ clock });
    expect(clock.sleptMs).toEqual([500, 1_000, 2_000]);
  });

  it('without credentials ends with one line and exit code 2', () => {
    const main = join(import.meta.dirname, '../../../../aggregate-job/main.ts');
    const { GCS_API_ENDPOINT: _, ...env } = process.env;
    const { status, stderr } = spawnSync(
      process.execPath,
      [main, '--store', 'gs://bucket', '--symbols', 'BTCUSDT', '--date', '2024-07-18', '--offline'],
      { env: { ...env, GOOGLE_APPLICATION_CREDENTIALS: '/no/such/key.json' }, encoding: 'utf8' },
    );
    expect(stderr).toMatch(
      /^--store or --results: open store gs:\/\/bucket: no valid Google credentials \(.*\/no\/such\/key\.json.*\n$/,
    );
    expect(status).toBe(2);
  });
});

describe('a permanent refusal', () => {
  const operations: [string, (store: Store) => Promise<unknown>, string][] = [
    ['create', (store) => store.create('a', Buffer.from('x')), 'storage.objects.create'],
    [
      'replace',
      (store) => store.replace('a', Buffer.from('x'), '7'),
      'storage.objects.create and storage.objects.delete',
    ],
    ['remove', (store) => store.remove('a', '7'), 'storage.objects.delete'],
    ['read', (store) => store.read('a'), 'storage.objects.get'],
    ['stat', (store) => store.stat('a'), 'storage.objects.get'],
    ['list', (store) => store.listFolders('a'), 'storage.objects.list'],
  ];

  it.each(operations)(
    'of %s names the object and the permission, and is not tried again',
    async (verb, call, permission) => {
      const store = await open();
      answer = () => error(403, 'recorder@project does not have access', 'forbidden');
      const failing = call(store);
      await expect(failing).rejects.toThrow(UsageError);
      await expect(failing).rejects.toThrow(
        `${verb} gs://bucket/lake/a: the permission ${permission} is missing (`,
      );
      await expect(failing).rejects.toThrow('recorder@project does not have access');
      expect(requests).toHaveLength(2);
    },
  );

  it.each([
    [401, 'the credentials are not accepted'],
    [400, 'refused with 400'],
    [413, 'refused with 413'],
  ])('with %d says so', async (status, message) => {
    const store = await open();
    answer = () => error(status, 'no');
    await expect(store.stat('a')).rejects.toThrow(UsageError);
    await expect(store.stat('a')).rejects.toThrow(message);
  });

  it('of a whole bucket that is gone is told when something is written', async () => {
    const store = await open();
    answer = () => error(404, 'Not Found');
    await expect(store.create('a', Buffer.from('x'))).rejects.toThrow('the bucket does not exist');
    expect(await store.read('a')).toBeUndefined();
  });
});

describe('a passing failure', () => {
  it('is tried again, with growing waits, at least as long as the server asks', async () => {
    const clock = testClock();
    const store = await open({ clock });
    const answers = [error(503, 'busy'), { ...error(429, 'slow down'), headers: { 'retry-after': '7' } }];
    answers.push(error(403, 'too fast', 'rateLimitExceeded'), error(404, 'none'));
    answer = () => answers.shift() ?? 'silence';
    expect(await store.stat('a')).toBeUndefined();
    expect(clock.sleptMs).toEqual([500, 7_000, 2_000]);
  });

  it('that does not pass is told when patience ends', async () => {
    const clock = testClock();
    const store = await open({ clock });
    answer = () => error(503, 'busy');
    const failing = store.read('a');
    await expect(failing).rejects.toThrow(/^read gs:\/\/bucket\/lake\/a: 503/);
    await expect(failing).rejects.not.toThrow(UsageError);
    expect(clock.now()).toBeGreaterThan(250_000);
    expect(clock.now()).toBeLessThanOrEqual(300_000);
  });

  it.each([
    ['stat', (store: Store) => store.stat('a')],
    ['create', (store: Store) => store.create('a', Buffer.alloc(100_000))],
    ['read', (store: Store) => store.read('a')],
  ])('of a silent server ends %s, and its sockets are closed', async (_, call) => {
    const store = await openStore('gs://bucket', {
      writable: true,
      gcsApiEndpoint: endpoint,
      gcsPatience: { silenceMs: 500, retry: { firstDelayMs: 1, maxDelayMs: 1, totalMs: 0 } },
    });
    answer = () => 'silence';
    await expect(call(store)).rejects.toThrow('no answer for 0.5 s');
    await connectionsClosed();
    expect(requests).toHaveLength(2);
  });

  async function connectionsClosed(): Promise<void> {
    for (;;) {
      const count = await new Promise<number>((resolve) => server.getConnections((_, open) => resolve(open)));
      if (count === 0) return;
      await new Promise(setImmediate);
    }
  }
});

describe('an object that is in the way of a create', () => {
  it('and may not be looked at is a warning, and the caller keeps its copy', async () => {
    const warnings: string[] = [];
    const store = await open({ warn: (message) => warnings.push(message) });
    answer = ({ method }) => (method === 'POST' ? error(412, 'exists') : error(403, 'no get'));
    expect(await store.create('a', Buffer.from('x'))).toBeUndefined();
    expect(warnings).toEqual([
      'create gs://bucket/lake/a: an object is there, and the permission storage.objects.get to compare it is missing',
    ]);
  });
});

describe('a range', () => {
  it('of which an answer gives less than it announces is fetched to its end', async () => {
    const store = await open();
    const ranges: (string | undefined)[] = [];
    const bytes = Buffer.from('0123456789');
    answer = ({ headers: { range } }) => {
      ranges.push(range);
      const start = Number(/\d+/.exec(range ?? '')?.[0]);
      const headers = {
        'content-range': `bytes ${start}-7/10`,
        'x-goog-generation': '7',
        'x-goog-hash': 'crc32c=AAAAAA==',
      };
      return { status: 206, headers, body: bytes.subarray(start, Math.min(8, start + 3)) };
    };
    expect(await store.read('a', { start: 1, end: 8 })).toEqual({
      bytes: bytes.subarray(1, 8),
      generation: '7',
    });
    expect(ranges).toEqual(['bytes=1-7', 'bytes=4-7', 'bytes=7-7']);
  });
});

describe('a listing', () => {
  it('leaves out what the console makes for folders, and follows every page', async () => {
    const store = await open();
    const page = (names: string[], nextPageToken?: string): Answer => ({
      status: 200,
      body: {
        items: names.map((name) => ({ name: `lake/${name}`, size: '3', generation: '9' })),
        nextPageToken,
      },
    });
    answer = ({ url }) => (url?.includes('pageToken=two') ? page(['c']) : page(['', 'a/', 'a/b'], 'two'));
    const names: string[] = [];
    for await (const { name } of store.list('')) names.push(name);
    expect(names).toEqual(['a/b', 'c']);
  });
});
