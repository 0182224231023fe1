import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UsageError } from '../../../shared/errors.ts';
import { openStoreOrLater, type WriteOnlyStore } from '../../../shared/program/open-later.ts';
import { systemClock } from '../../../shared/time.ts';

describe('a store that is opened at once or later', () => {
  let server: Server;
  let answer: (response: ServerResponse) => void;
  let warnings: string[];
  const cut = (response: ServerResponse): void => void response.socket?.destroy();
  const missing = (response: ServerResponse): void => void response.writeHead(404).end('{}');

  beforeEach(async () => {
    warnings = [];
    server = createServer((_, response) => answer(response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  function open(firstWordMs = 60_000): Promise<WriteOnlyStore> {
    const { port } = server.address() as AddressInfo; // a server that listens on a port has one
    return openStoreOrLater('gs://bucket/lake/', {
      writable: true,
      gcsApiEndpoint: `http://127.0.0.1:${port}`,
      gcsPatience: { retry: { firstDelayMs: 1, maxDelayMs: 1, totalMs: 5 } },
      warn: (message) => warnings.push(message),
      clock: systemClock,
      firstWordMs,
    });
  }

  it('is refused at once where there is no such bucket', async () => {
    answer = missing;
    await expect(open()).rejects.toThrow(UsageError);
    expect(warnings).toEqual([]);
  });

  it('is there when it answers', async () => {
    answer = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    expect((await open()).url).toBe('gs://bucket/lake');
    expect(warnings).toEqual([]);
  });

  it('is tried again by each create while it is away, whatever it says then', async () => {
    answer = cut;
    const store = await open();
    expect(store.url).toBe('gs://bucket/lake');
    expect(warnings).toEqual([expect.stringMatching(/^open store gs:.*tried again/)]);
    await expect(store.create('a', Buffer.from('x'))).rejects.toThrow('open store gs://bucket/lake');
    answer = missing;
    await expect(store.create('a', Buffer.from('x'))).rejects.toThrow('the bucket does not exist');
  });

  it('is not waited for when it says nothing', async () => {
    answer = () => {};
    const store = await open(1);
    expect(store.url).toBe('gs://bucket/lake');
    server.closeAllConnections();
    answer = cut;
    await expect(store.create('a', Buffer.from('x'))).rejects.toThrow('open store');
    expect(warnings).toEqual([expect.stringContaining('no answer')]);
  });
});
