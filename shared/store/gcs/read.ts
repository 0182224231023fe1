import type { ByteRange, StoredObject } from '../store.ts';
import type { GcsCalls } from './calls.ts';
import type { DownloadHead, GcsClient } from './client.ts';
import { measure } from './crc32c.ts';
import { PassingError, retryAfterMs, statusOf } from './errors.ts';

type Context = { client: GcsClient; calls: GcsCalls };
type Read = { name: string; url: string; range: ByteRange | undefined };

/** What has come of an object so far. */
type Partly = { head: DownloadHead; bytes: Buffer; filled: number };

/**
 * Reads an object or a range of it, whole or not at all: a download that is cut goes on behind what has come, in the
 * same generation. A whole object is checked against the server's checksum; a range has none.
 */
export async function readObject(context: Context, read: Read): Promise<StoredObject | undefined> {
  let partly: Partly | undefined;
  const attempt = async (): Promise<'more' | StoredObject | undefined> => {
    const before = partly?.filled ?? 0;
    try {
      partly = await readOn(context, read, partly, (progress) => {
        partly = progress;
      });
    } catch (error) {
      const status = statusOf(error);
      if (status === 404 && !partly) return undefined;
      if (status === 416) return emptyRange(context, read.name);
      if (status === 404) {
        partly = undefined;
        throw new PassingError('replaced while it was read', { cause: error });
      }
      if (partly && partly.filled > before && retryAfterMs(error) !== undefined) return 'more'; // with new patience
      throw error;
    }
    if (!read.range && (await measure(partly.bytes)).crc32c !== partly.head.crc32c) {
      partly = undefined;
      throw new PassingError('the bytes do not match their checksum');
    }
    return { bytes: partly.bytes, generation: partly.head.generation };
  };
  for (;;) {
    const result = await context.calls.untilDone('read', read.url, attempt);
    if (result !== 'more') return result;
  }
}

/** One download of what is still missing. `onProgress` gets what has come before a failure. */
async function readOn(
  { client, calls }: Context,
  { name, range }: Read,
  partly: Partly | undefined,
  onProgress: (partly: Partly) => void,
): Promise<Partly> {
  let present = partly;
  let isOver = false; // bytes that come after a missed deadline belong to no one
  const wanted = missingRange(range, partly);
  const generation = partly ? { generation: partly.head.generation } : {};
  const accept = (head: DownloadHead): void => {
    if (head.start !== (wanted?.start ?? 0)) throw new PassingError('the answer is another range');
    present ??= { head, bytes: Buffer.allocUnsafe(lengthOf(range, head)), filled: 0 };
  };
  try {
    await calls.once(async (alive) => {
      for await (const part of client.download(
        name,
        { ...(wanted ? { range: wanted } : {}), ...generation },
        accept,
      )) {
        if (isOver || !present) return;
        alive();
        if (present.filled + part.length > present.bytes.length)
          throw new PassingError('more bytes than announced');
        present.bytes.set(part, present.filled);
        present = { ...present, filled: present.filled + part.length };
      }
    });
  } finally {
    isOver = true;
    if (present) onProgress(present);
  }
  if (!present || present.filled < present.bytes.length) throw new PassingError('fewer bytes than announced');
  return present;
}

function missingRange(range: ByteRange | undefined, partly: Partly | undefined): ByteRange | undefined {
  if (!partly) return range;
  const start = range?.start ?? 0;
  return { start: start + partly.filled, end: start + partly.bytes.length };
}

const lengthOf = (range: ByteRange | undefined, { objectBytes }: DownloadHead): number =>
  range ? Math.max(0, Math.min(range.end, objectBytes) - range.start) : objectBytes;

/** The answer to a range behind the object's end, which has no bytes and no head. */
async function emptyRange({ client, calls }: Context, name: string): Promise<StoredObject | undefined> {
  const { generation } = await calls.once(() => client.stat(name));
  return { bytes: Buffer.alloc(0), generation };
}
