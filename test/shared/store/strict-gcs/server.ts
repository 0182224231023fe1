import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { answerJson, answerRefusal, Refusal } from './answers.ts';
import { type Announced, type Permission, StrictBucket } from './bucket.ts';
import { type SessionAnswer, Sessions } from './sessions.ts';

/*
 * A strict stand-in for Google Cloud Storage, for what the emulator does not know: sessions that keep what has come and
 * are asked for it, preconditions on every write and deletion, permissions, short pages, no `size` of an empty object.
 * What it does not understand it refuses, and remembers in `violations`.
 */
export type StrictGcs = {
  url: string;
  sessions: Sessions;
  /** What a careful client never sends. */
  violations: string[];
  /** `METHOD /path` of each request. */
  requests: string[];
  createBucket(name: string): Promise<void>;
  /** From now on only this is allowed. */
  allow(bucket: string, permissions: readonly Permission[]): void;
  stop(): Promise<void>;
};

type Call = { request: IncomingMessage; response: ServerResponse; query: URLSearchParams };

/** Starts the server on a free port of this machine. */
export async function startStrictGcs(): Promise<StrictGcs> {
  const buckets = new Map<string, StrictBucket>();
  const sessions = new Sessions();
  const violations: string[] = [];
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request;
    requests.push(`${method} ${url.replace(/\?.*/, '')}`);
    serve(request, response).catch((error: unknown) => {
      const refusal = error instanceof Refusal ? error : new Refusal(500, String(error));
      if ([400, 405, 500].includes(refusal.status)) violations.push(`${method} ${url}: ${refusal.message}`);
      request.resume(); // an answer before the end of the request is heard only when the request is read
      answerRefusal(response, refusal);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a server that listens on a port has one
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    sessions,
    violations,
    requests,
    createBucket: async (name) => void buckets.set(name, new StrictBucket(name)),
    allow: (name, permissions) => {
      bucketOf(name).permissions = permissions;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };

  function bucketOf(name: string): StrictBucket {
    const bucket = buckets.get(name);
    if (!bucket) throw new Refusal(404, 'The specified bucket does not exist.', 'notFound');
    return bucket;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? '', url);
    const call = { request, response, query };
    const [, upload, bucketName = '', isObjects, object] =
      /^(\/upload)?\/storage\/v1\/b\/([^/]+)(\/o)?(?:\/([^/]+))?$/.exec(pathname) ?? [];
    const bucket = bucketOf(bucketName);
    const { method } = request;
    if (upload !== undefined && method === 'PUT') return serveSession(call, sessions);
    if (upload !== undefined && method === 'POST') return serveUpload(call, bucket, bucketName);
    if (upload !== undefined) throw new Refusal(405, 'no such method');
    if (object !== undefined) return serveObject(call, bucket, decodeURIComponent(object));
    if (method !== 'GET') throw new Refusal(405, 'no such method');
    answerJson(response, isObjects ? bucket.list(Object.fromEntries(query)) : { name: bucketName });
  }

  async function serveUpload({ request, response, query }: Call, bucket: StrictBucket, bucketName: string) {
    const type = query.get('uploadType');
    const onGeneration = conditionOf(query);
    const body = await buffer(request);
    if (type === 'multipart') {
      const { metadata, bytes } = partsOf(body, request.headers['content-type'] ?? '');
      return answerJson(response, bucket.put({ name: nameOf(query), onGeneration, metadata }, bytes));
    }
    if (type !== 'resumable') throw new Refusal(400, `no such uploadType: ${type}`);
    const announced: Announced = { name: nameOf(query), onGeneration, metadata: JSON.parse(body.toString()) };
    const length = request.headers['x-upload-content-length'];
    const id = sessions.start(bucket, announced, length === undefined ? undefined : Number(length));
    const location = `http://${request.headers.host}/upload/storage/v1/b/${bucketName}/o?uploadType=resumable&upload_id=${id}`;
    response.writeHead(200, { location, 'content-length': '0' }).end();
  }
}

async function serveSession({ request, response, query }: Call, sessions: Sessions): Promise<void> {
  const { socket } = request; // which a request that is given up loses
  const answer: SessionAnswer = await sessions.put(query.get('upload_id') ?? '', request);
  if (answer === 'broken') socket.resetAndDestroy();
  else if ('resource' in answer) answerJson(response, answer.resource);
  else {
    const range = answer.keptBytes === 0 ? {} : { range: `bytes=0-${answer.keptBytes - 1}` };
    response.writeHead(308, { ...range, 'content-length': '0' }).end();
  }
}

async function serveObject(
  { request, response, query }: Call,
  bucket: StrictBucket,
  name: string,
): Promise<void> {
  if (request.method === 'DELETE') {
    bucket.remove(name, conditionOf(query), query.get('generation'));
    return void response.writeHead(204).end();
  }
  if (request.method !== 'GET') throw new Refusal(405, 'no such method');
  const { bytes, resource } = bucket.get(name, query.get('generation'));
  if (query.get('alt') !== 'media') return answerJson(response, resource);
  const headers = {
    'x-goog-generation': resource.generation,
    'x-goog-hash': `crc32c=${resource.crc32c}`,
    'x-goog-stored-content-length': String(bytes.length),
  };
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  if (first === undefined) return void response.writeHead(200, headers).end(bytes);
  if (Number(first) >= bytes.length) throw new Refusal(416, 'Requested range not satisfiable');
  const part = bytes.subarray(Number(first), Number(last) + 1);
  const range = `bytes ${first}-${Number(first) + part.length - 1}/${bytes.length}`;
  response.writeHead(206, { ...headers, 'content-range': range }).end(part);
}

/** A write that would overwrite whatever is there is refused: nobody of ours may send one. */
function conditionOf(query: URLSearchParams): string {
  const generation = query.get('ifGenerationMatch');
  if (generation === null || !/^\d+$/.test(generation))
    throw new Refusal(400, `a write needs ifGenerationMatch, not ${generation}`);
  return generation;
}

function nameOf(query: URLSearchParams): string {
  const name = query.get('name');
  if (name === null || name === '') throw new Refusal(400, 'Required: name', 'required');
  return name;
}

/** The two parts of a multipart upload: what is said of the object, and its bytes. */
function partsOf(body: Buffer, contentType: string): { metadata: Record<string, unknown>; bytes: Buffer } {
  const boundary = /boundary="?([^";]+)/.exec(contentType)?.[1];
  if (boundary === undefined) throw new Refusal(400, 'a multipart upload needs a boundary');
  const json = body.indexOf('\r\n\r\n') + 4;
  const second = body.indexOf(`\r\n--${boundary}`, json);
  const media = body.indexOf('\r\n\r\n', second) + 4;
  const end = body.lastIndexOf(`\r\n--${boundary}--`);
  if (second < json || end < media) throw new Refusal(400, 'a multipart upload needs two parts');
  return { metadata: JSON.parse(body.toString('utf8', json, second)), bytes: body.subarray(media, end) };
}
