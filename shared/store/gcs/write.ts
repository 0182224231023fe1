import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { errorText } from '../../errors.ts';
import type { Body } from '../store.ts';
import type { GcsCalls } from './calls.ts';
import type { GcsClient } from './client.ts';
import { measure } from './crc32c.ts';
import { isInTheWay, LocalError, PassingError, statusOf } from './errors.ts';
import { inSession } from './session.ts';
import type { Stored, Upload } from './upload.ts';

/** A write of one object: `create` when it must not exist, `replace` when it must be of a generation. */
export type Write = {
  operation: 'create' | 'replace';
  name: string;
  url: string;
  body: Body;
  onGeneration: string;
};

type Context = { client: GcsClient; calls: GcsCalls; warn: (message: string) => void };

/** From here on an upload is one that can be continued; below, a single request, which costs one round trip. */
const RESUMABLE_FROM_BYTES = 8 << 20;

/** Writes the object; the new generation, or undefined when another object is there. */
export async function writeObject(context: Context, write: Write): Promise<string | undefined> {
  const { client, calls } = context;
  const { operation, url, onGeneration, name } = write;
  const source = guarded(write.body);
  const measured = await calls.untilDone(operation, url, () => measure(source));
  const upload = { name, onGeneration, ...measured, writeId: randomUUID() };
  const send =
    upload.bytes < RESUMABLE_FROM_BYTES
      ? inOneRequest(context, upload, source)
      : inSession(context, upload, source);
  const attempt = async (): Promise<'more' | Stored | undefined> => {
    try {
      const stored = await send();
      if (stored === 'more' || isSame(stored, upload)) return stored;
      await calls.once(() => client.remove(name, stored.generation));
      throw new PassingError('the stored bytes are not those sent');
    } catch (error) {
      if (isInTheWay(operation, error)) return foundIfOurs(context, write, upload);
      throw error;
    }
  };
  for (;;) {
    const result = await calls.untilDone(operation, url, attempt, upload.bytes);
    if (result !== 'more') return result?.generation;
  }
}

const isSame = (stored: Stored, upload: Upload): boolean =>
  stored.bytes === upload.bytes && stored.crc32c === upload.crc32c;

/**
 * An object that is in the way may be our own: the answer to the try that stored it was lost. A created object is ours
 * when it holds our bytes; a replaced one, where the bytes may well be another's, when it carries our mark.
 */
async function foundIfOurs(
  { client, calls, warn }: Context,
  { operation, url, name }: Write,
  upload: Upload,
): Promise<Stored | undefined> {
  try {
    const found = await calls.once(() => client.stat(name));
    const ours = operation === 'create' ? isSame(found, upload) : found.writeId === upload.writeId;
    return ours ? found : undefined;
  } catch (error) {
    const status = statusOf(error);
    if (status === 404 && operation === 'replace') return undefined;
    if (status === 404) throw new PassingError('removed while it was looked at', { cause: error });
    if (status !== 403) throw error;
    warn(
      `${operation} ${url}: an object is there, and the permission storage.objects.get to compare it is missing`,
    );
    return undefined;
  }
}

function inOneRequest({ client, calls }: Context, upload: Upload, source: () => AsyncIterable<Uint8Array>) {
  let bytes: Buffer | undefined;
  return async (): Promise<Stored> => {
    const whole = bytes ?? (await buffer(source()));
    bytes = whole;
    return calls.once(() => client.upload(upload, whole));
  };
}

/** The body as a source whose own failure is told apart from the server's. */
function guarded(body: Body): () => AsyncIterable<Uint8Array> {
  return async function* () {
    try {
      if (body instanceof Uint8Array) yield body;
      else yield* body();
    } catch (cause) {
      throw new LocalError(errorText(cause), { cause });
    }
  };
}
