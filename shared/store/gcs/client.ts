import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Bucket, type File, Storage } from '@google-cloud/storage';
import type { ByteRange, ObjectInfo } from '../store.ts';
import { StatusError } from './errors.ts';
import { keptBytesOf, type Stored, sessionOptions, storedOf, type Upload, uploadOptions } from './upload.ts';

/** What a download tells before its bytes come. */
export type DownloadHead = { generation: string; crc32c: string; start: number; objectBytes: number };

/** Single calls on one bucket: each is tried once, waits for ever, and throws what the library throws. */
export type GcsClient = {
  /** Finds credentials and a first token. */
  authenticate(): Promise<void>;
  /** Throws where there is no such bucket. */
  findBucket(): Promise<void>;
  stat(name: string): Promise<Stored>;
  /** The bytes of an object or a range, in the parts in which they come; the head comes first. */
  download(
    name: string,
    options: { range?: ByteRange; generation?: string },
    onHead: (head: DownloadHead) => void,
  ): AsyncIterable<Uint8Array>;
  /** The whole object in one request. */
  upload(upload: Upload, bytes: Uint8Array): Promise<Stored>;
  /** Begins an upload that can be continued; the address of its session. */
  startSession(upload: Upload): Promise<string>;
  /** What a session has come to: the object, or how many of its bytes the server keeps. */
  askSession(upload: Upload, session: string): Promise<Stored | number>;
  /** Sends the bytes from `start` on; undefined when the server has not kept all of them. */
  sendToSession(
    upload: Upload,
    session: string,
    start: number,
    rest: AsyncIterable<Uint8Array>,
  ): Promise<Stored | undefined>;
  listPage(prefix: string, delimiter: string, pageToken: string): Promise<ListPage>;
  remove(name: string, generation: string): Promise<void>;
};

export type ListPage = { objects: ObjectInfo[]; folders: string[]; nextPageToken: string };

/** At most this many objects a page: the server's own limit, said because an emulator has none. */
const PAGE_OBJECTS = 1_000;

/** A client of one bucket; with `apiEndpoint` (an emulator) nobody is asked for credentials. */
export function createGcsClient(bucketName: string, apiEndpoint: string | undefined): GcsClient {
  const storage = new Storage({
    ...(apiEndpoint === undefined ? {} : { apiEndpoint }),
    retryOptions: { autoRetry: false, maxRetries: 0, retryableErrorFn: () => false },
  });
  const bucket = storage.bucket(bucketName);
  return {
    authenticate: async () => {
      if (apiEndpoint === undefined) await storage.authClient.getAccessToken();
    },
    findBucket: async () => {
      await bucket.getMetadata();
    },
    stat: async (name) => storedOf((await bucket.file(name).getMetadata())[0]),
    download: (name, options, onHead) => download(bucket.file(name), options, onHead),
    upload: async (upload, bytes) => {
      const file = bucket.file(upload.name);
      await file.save(bytes, { ...uploadOptions(upload), resumable: false, validation: false });
      return storedOf(file.metadata);
    },
    startSession: async (upload) =>
      (await bucket.file(upload.name).createResumableUpload(sessionOptions(upload)))[0],
    askSession: (upload, session) => askSession(bucket, upload, session),
    sendToSession: (upload, session, start, rest) =>
      sendToSession(bucket.file(upload.name), upload, session, start, rest),
    listPage: (prefix, delimiter, pageToken) => listPage(bucket, prefix, delimiter, pageToken),
    remove: async (name, generation) => {
      await bucket.file(name).delete({ ifGenerationMatch: generation });
    },
  };
}

/**
 * Asked here, because the library takes the answer that all is done for "nothing is kept" and sends everything again.
 * With the length the question is also the last part of an upload of which every byte is there.
 */
async function askSession(bucket: Bucket, { bytes }: Upload, session: string): Promise<Stored | number> {
  const headers = { 'Content-Length': '0', 'Content-Range': `bytes */${bytes}` };
  try {
    const [answer] = await bucket.request({ method: 'PUT', uri: session, headers });
    return storedOf(answer);
  } catch (error) {
    const keptBytes = keptBytesOf(error);
    if (keptBytes === undefined) throw error;
    return keptBytes;
  }
}

async function sendToSession(
  file: File,
  upload: Upload,
  uri: string,
  offset: number,
  rest: AsyncIterable<Uint8Array>,
): Promise<Stored | undefined> {
  const options = { ...sessionOptions(upload), uri, offset, resumable: true, validation: false };
  try {
    await pipeline(Readable.from(rest), file.createWriteStream(options));
  } catch (error) {
    if (keptBytesOf(error) !== undefined) return undefined;
    throw error;
  }
  return storedOf(file.metadata);
}

/** Not `createReadStream`: when one download is cut, that closes the sockets of all calls under way. */
async function* download(
  file: File,
  { range, generation }: { range?: ByteRange; generation?: string },
  onHead: (head: DownloadHead) => void,
): AsyncGenerator<Uint8Array> {
  const request = file.requestStream({
    uri: '',
    qs: { alt: 'media', ...(generation === undefined ? {} : { generation }) },
    headers: {
      'Accept-Encoding': 'gzip', // the bytes as they are stored, which are those of the checksum
      ...(range ? { Range: `bytes=${range.start}-${range.end - 1}` } : {}),
    },
  });
  let head: { statusCode: number; headers: Record<string, string> } | undefined;
  request.on('response', (response) => {
    head = response;
    if (isSuccess(response.statusCode)) onHead(downloadHead(response.headers));
  });
  const body = new PassThrough(); // the request is a duplex stream, whose own iterator would wait for the writing side
  request.on('error', (error) => body.destroy(error));
  request.pipe(body);
  const refusal: Uint8Array[] = [];
  for await (const part of body) {
    if (head && isSuccess(head.statusCode)) yield part;
    else refusal.push(part);
  }
  if (!head) throw new Error('the connection was closed before an answer');
  if (!isSuccess(head.statusCode))
    throw new StatusError(head.statusCode, Buffer.concat(refusal).toString(), head.headers);
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

function downloadHead(headers: Record<string, string>): DownloadHead {
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  const crc32c = /crc32c=([^,]+)/.exec(headers['x-goog-hash'] ?? '')?.[1];
  const generation = headers['x-goog-generation'];
  if (crc32c === undefined || generation === undefined)
    throw new Error('the answer has no checksum or generation');
  return {
    generation,
    crc32c,
    start: Number(start ?? 0),
    objectBytes: Number(total ?? headers['x-goog-stored-content-length'] ?? headers['content-length'] ?? 0),
  };
}

async function listPage(
  bucket: Bucket,
  prefix: string,
  delimiter: string,
  pageToken: string,
): Promise<ListPage> {
  const [, , answer] = await bucket.getFiles({
    prefix,
    autoPaginate: false,
    maxResults: PAGE_OBJECTS,
    fields: 'items(name,size,generation),prefixes,nextPageToken',
    ...(delimiter === '' ? {} : { delimiter }),
    ...(pageToken === '' ? {} : { pageToken }),
  });
  const { items = [], prefixes = [], nextPageToken = '' } = answer as ListAnswer; // the shape of objects.list
  const objects = items.map(({ name, size = 0, generation }) => ({ name, bytes: Number(size), generation }));
  return { objects, folders: prefixes, nextPageToken };
}

/** https://cloud.google.com/storage/docs/json_api/v1/objects/list */
type ListAnswer = {
  items?: { name: string; size?: string; generation: string }[];
  prefixes?: string[];
  nextPageToken?: string;
};
