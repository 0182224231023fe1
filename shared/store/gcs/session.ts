import type { GcsCalls } from './calls.ts';
import type { GcsClient } from './client.ts';
import { LocalError, PassingError, retryAfterMs, statusOf } from './errors.ts';
import type { Stored, Upload } from './upload.ts';

type Context = { client: GcsClient; calls: GcsCalls };

/** What the server keeps of an upload; `mustAsk` when a try has ended since it last said so. */
type Session = { address: string; keptBytes: number; mustAsk: boolean };

/**
 * An upload that can be continued. Each call is one try: it asks what the server keeps and sends the rest, or begins
 * anew when the server knows no more of the session. `more` when the tries before have brought it forward: the next one
 * has new patience.
 * https://cloud.google.com/storage/docs/performing-resumable-uploads
 */
export function inSession(
  context: Context,
  upload: Upload,
  source: () => AsyncIterable<Uint8Array>,
): () => Promise<Stored | 'more'> {
  let session: Session | undefined;
  return async () => {
    try {
      session ??= await start(context, upload);
      if (session.mustAsk) {
        const answer = await ask(context, upload, session);
        if (typeof answer !== 'number') return answer;
        const isForward = answer > session.keptBytes;
        session = { ...session, keptBytes: answer, mustAsk: false };
        if (isForward) return 'more';
      }
      session.mustAsk = true;
      return await send(context, upload, session, source);
    } catch (error) {
      if (!isUsable(error)) session = undefined;
      if (isGone(error)) throw new PassingError('the upload session is lost', { cause: error });
      throw error;
    }
  };
}

async function start({ client, calls }: Context, upload: Upload): Promise<Session> {
  const address = await calls.once(() => client.startSession(upload));
  return { address, keptBytes: 0, mustAsk: false };
}

/** The object, where a try before made it and its answer was lost; else how much of it is kept. */
async function ask({ client, calls }: Context, upload: Upload, session: Session): Promise<Stored | number> {
  const answer = await calls.once(() => client.askSession(upload, session.address));
  if (answer === upload.bytes) throw new PassingError('the server has all bytes and makes no object of them');
  return answer;
}

async function send(
  { client, calls }: Context,
  upload: Upload,
  { address, keptBytes }: Session,
  source: () => AsyncIterable<Uint8Array>,
): Promise<Stored> {
  const stored = await calls.once((alive) =>
    client.sendToSession(upload, address, keptBytes, restOf(source(), keptBytes, upload.bytes, alive)),
  );
  if (!stored)
    throw new PassingError(`the server kept ${keptBytes} of ${upload.bytes} bytes, and not all of the rest`);
  return stored;
}

/** A session outlives what passes; after any other answer nothing more can be sent to it. */
const isUsable = (error: unknown): boolean =>
  !isGone(error) && retryAfterMs(error) !== undefined && statusOf(error) !== 400;

const isGone = (error: unknown): boolean => statusOf(error) === 404 || statusOf(error) === 410;

/** What comes behind the first `start` bytes, with a sign of life for each part. */
async function* restOf(
  source: AsyncIterable<Uint8Array>,
  start: number,
  bytes: number,
  alive: () => void,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const part of source) {
    alive();
    const end = at + part.length;
    if (end > bytes) break;
    if (end > start) yield part.subarray(Math.max(0, start - at));
    at = end;
  }
  if (at !== bytes) throw new LocalError('the source has another length than when it was measured');
}
