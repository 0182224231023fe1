import { headerOf, statusOf } from './errors.ts';

/** What the server says an object is; `writeId` is the mark of the write that made it. */
export type Stored = { bytes: number; generation: string; crc32c: string; writeId: string | undefined };

/** One upload. It succeeds only while the object is of generation `onGeneration` (`0`: does not exist). */
export type Upload = {
  name: string;
  bytes: number;
  crc32c: string;
  writeId: string;
  onGeneration: string;
};

/** What the server says an object is; some leave out the size of an empty one. */
export function storedOf(answer: unknown): Stored {
  const { size = 0, generation, crc32c, metadata } = isRecord(answer) ? answer : {};
  if (generation === undefined || typeof crc32c !== 'string')
    throw new Error('the answer has no generation or checksum');
  const writeId = isRecord(metadata) ? metadata['writeId'] : undefined;
  return {
    bytes: Number(size),
    generation: String(generation),
    crc32c,
    writeId: typeof writeId === 'string' ? writeId : undefined,
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** The server refuses an upload whose bytes are not those of `crc32c`. */
export function uploadOptions({ crc32c, writeId, onGeneration }: Upload) {
  return {
    metadata: { crc32c, metadata: { writeId } },
    preconditionOpts: { ifGenerationMatch: onGeneration },
  };
}

/** Without the length a session that is continued never knows that it has all, and answers 308 for ever. */
export function sessionOptions(upload: Upload) {
  const { metadata, ...options } = uploadOptions(upload);
  return { ...options, metadata: { ...metadata, contentLength: upload.bytes } };
}

/** How many bytes a session keeps whose answer (308: not all is kept yet) is no refusal; undefined for any other answer. */
export function keptBytesOf(error: unknown): number | undefined {
  if (statusOf(error) !== 308) return undefined;
  const last = /^bytes=0-(\d+)$/.exec(headerOf(error, 'range') ?? '')?.[1];
  return last === undefined ? 0 : Number(last) + 1;
}
