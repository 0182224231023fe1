import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Refusal } from './answers.ts';
import type { Announced, Resource, StrictBucket } from './bucket.ts';

/** What happens to one request that sends bytes to a session. */
export type Hurt =
  | { cutAfterBytes: number } // the connection breaks when this many of the request's bytes have come
  | { keepBytes: number } // all come, of the object no more than this is kept
  | 'lose-answer'; // all is done, and nobody hears of it

/** What a session says: the object it has made, how much of it it keeps, or nothing, because the connection broke. */
export type SessionAnswer = { resource: Resource } | { keptBytes: number } | 'broken';

type Session = {
  bucket: StrictBucket;
  announced: Announced;
  /** What the writer said at the beginning that it will send. */
  totalBytes: number | undefined;
  kept: Buffer;
  resource: Resource | undefined;
};

/** What is kept when a request breaks, and what every part but the last must be a multiple of. */
const QUANTUM_BYTES = 256 << 10;

/** Uploads that are continued: https://cloud.google.com/storage/docs/performing-resumable-uploads */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #hurts: Hurt[] = [];
  #goneStatus: 404 | 410 = 404;
  /** Called when a request has been hurt, before anybody hears of it. */
  onHurt: () => void = () => {};
  /** Each request to a session, in short: what it said it sends, and how many bytes came. */
  readonly log: { range: string; bytes: number }[] = [];

  /** The id of a new session. */
  start(bucket: StrictBucket, announced: Announced, totalBytes: number | undefined): string {
    bucket.requireWritable(announced);
    const id = randomUUID();
    this.#sessions.set(id, { bucket, announced, totalBytes, kept: Buffer.alloc(0), resource: undefined });
    return id;
  }

  /** Hurts the next requests that send bytes, one each. */
  hurt(...hurts: Hurt[]): void {
    this.#hurts.push(...hurts);
  }

  /** Hurts nobody any more. */
  calm(): void {
    this.#hurts.length = 0;
    this.onHurt = () => {};
  }

  /** Knows none of the sessions any more, and answers them with `status`. */
  forget(status: 404 | 410): void {
    this.#sessions.clear();
    this.#goneStatus = status;
  }

  async put(id: string, request: IncomingMessage): Promise<SessionAnswer> {
    const session = this.#sessions.get(id);
    if (!session) throw new Refusal(this.#goneStatus, 'No such upload session.', 'notFound');
    const entry = { range: request.headers['content-range'] ?? '', bytes: 0 };
    this.log.push(entry);
    const range = parseRange(entry.range);
    if (range === undefined) throw new Refusal(400, `Failed to parse Content-Range header: ${entry.range}`);
    if (session.resource === undefined) requireFitting(session, range);
    const hurt = range.start === undefined ? undefined : this.#hurts.shift();
    const sent = await receive(request, hurt);
    entry.bytes = sent.bytes.length;
    if (session.resource) return { resource: session.resource };
    keep(session, range, sent.bytes);
    if (sent.isBroken) quantize(session);
    const answer = sent.isBroken
      ? 'broken'
      : finish(session, range, hurt === 'lose-answer' ? undefined : hurt);
    if (hurt) this.onHurt();
    return hurt === 'lose-answer' ? 'broken' : answer;
  }
}

/** `bytes START-END/TOTAL`, where each may be `*`; a question has neither start nor end. */
type ContentRange = { start: number | undefined; end: number | undefined; totalBytes: number | undefined };

function parseRange(text: string): ContentRange | undefined {
  const match = /^bytes (?:\*|(\d+)-(\d+|\*))\/(\d+|\*)$/.exec(text);
  if (!match) return undefined;
  const [start, end, totalBytes] = match
    .slice(1)
    .map((part) => (part === undefined || part === '*' ? undefined : Number(part)));
  return { start, end, totalBytes };
}

function requireFitting(session: Session, { start, totalBytes }: ContentRange): void {
  const announced = session.totalBytes;
  if (announced !== undefined && totalBytes !== undefined && announced !== totalBytes)
    throw new Refusal(400, `The object was announced with ${announced} bytes, now it has ${totalBytes}.`);
  if (start !== undefined && start > session.kept.length)
    throw new Refusal(
      400,
      `According to the Content-Range header, the upload offset is ${start} byte(s), which exceeds already uploaded size of ${session.kept.length} byte(s).`,
    );
}

async function receive(
  request: IncomingMessage,
  hurt: Hurt | undefined,
): Promise<{ bytes: Buffer; isBroken: boolean }> {
  const limit = typeof hurt === 'object' && 'cutAfterBytes' in hurt ? hurt.cutAfterBytes : undefined;
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of request) {
      parts.push(part);
      bytes += part.length;
      if (limit !== undefined && bytes >= limit) break; // which destroys the request
    }
  } catch {
    return { bytes: Buffer.concat(parts), isBroken: true };
  }
  const isBroken = limit !== undefined;
  return { bytes: Buffer.concat(parts).subarray(0, limit), isBroken };
}

/** Bytes that are kept already are passed over. */
function keep(session: Session, { start }: ContentRange, bytes: Buffer): void {
  if (start === undefined) return;
  session.kept = Buffer.concat([session.kept, bytes.subarray(session.kept.length - start)]);
}

function quantize(session: Session): void {
  session.kept = session.kept.subarray(0, session.kept.length - (session.kept.length % QUANTUM_BYTES));
}

/** Makes the object when all of it is there. */
function finish(session: Session, range: ContentRange, hurt: Hurt | undefined): SessionAnswer {
  if (typeof hurt === 'object' && 'keepBytes' in hurt)
    session.kept = session.kept.subarray(0, hurt.keepBytes);
  const { start, end } = range;
  if (end !== undefined && !hurt && session.kept.length !== end + 1)
    throw new Refusal(400, `The request was to end with byte ${end}, ${session.kept.length} are there.`);
  const isStream = start === 0 && end === undefined && range.totalBytes === undefined; // whose end is the end of the object
  const totalBytes =
    range.totalBytes ?? session.totalBytes ?? (isStream && !hurt ? session.kept.length : undefined);
  if (totalBytes !== undefined && session.kept.length > totalBytes)
    throw new Refusal(400, `${session.kept.length} bytes are more than the ${totalBytes} announced.`);
  if (session.kept.length !== totalBytes) {
    quantize(session);
    return { keptBytes: session.kept.length };
  }
  session.resource = session.bucket.put(session.announced, session.kept);
  return { resource: session.resource };
}
