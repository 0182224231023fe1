// Inflates one chunk after the other with the same engine into the same memory. Node's `inflateRawSync` sets up an engine and fresh
// memory for every call, which then has to be cleared, mapped page by page and collected again, and its pages are in no cache when the
// scanner comes to them: all in all it takes 1.5 times as long. Streams can keep their engine but hop to another thread and back for
// each chunk. So this uses the engine inside a stream, as `minizlib` (and with it npm) does in its own way; where a later Node
// has another one, `inflateRawSync` does the work.

import { types } from 'node:util';
import { createInflateRaw, type InflateRaw, inflateRawSync, constants as zlib } from 'node:zlib';
import { MAX_CHUNK_BYTES } from '../../shared/limits.ts';

/**
 * Inflates a whole deflate stream. Undefined when the stream is not exactly `deflated` or does not give exactly `size` bytes, or when
 * those are more than a chunk may have. The text is valid until the next call.
 */
export type InflateWhole = (deflated: Buffer, size: number) => Buffer | undefined;

/** What an inflater made of a stream: the text it wrote, the bytes it read, and how it ended. A stream that ends with its bytes counts as `cut`. */
export type Piece = { size: number; read: number; end: 'whole' | 'cut' | 'full' | 'damaged' };

/** Inflates chunks one after the other, all into the same memory. */
export type Inflater = {
  whole: InflateWhole;
  /** Inflates the stream that `bytes` start with to behind the first `at` bytes of the memory, which has room for one chunk and no more. */
  piece(bytes: Buffer, at: number): Piece;
  /** The first `size` bytes of the memory; valid until the next call of another method. */
  text(size: number): Buffer;
};

/** Room behind each text, so that one that is longer shows. */
export const SPARE_BYTES = 1;
/** Deflate packs at most 1032:1; a size beyond that is damage and no reason to reserve memory. */
const MAX_RATIO = 1032;
const START_BYTES = 1 << 20;
const MOST_BYTES = MAX_CHUNK_BYTES + SPARE_BYTES;

/** An inflater that keeps its engine and its memory: what it once took, and never more than the largest chunk needs. */
export function createInflater(open: () => Engine | undefined = openEngine): Inflater {
  let memory = Buffer.allocUnsafeSlow(START_BYTES);
  let engine = open();
  const inflateTo = (flush: number, bytes: Buffer, from: number, to: number): Piece => {
    if (!engine) return copied(flush, bytes, memory, from, to);
    const piece = inflateBy(engine, flush, bytes, memory, from, to);
    if (engine.stream.destroyed) engine = open(); // an engine that met an error is closed
    return piece;
  };
  return {
    whole(deflated, size) {
      if (!isPossible(deflated, size)) return undefined;
      const wanted = size + SPARE_BYTES;
      if (memory.length < wanted) memory = otherMemory(Math.min(2 * wanted, MOST_BYTES));
      const { size: given, read, end } = inflateTo(zlib.Z_FINISH, deflated, 0, wanted);
      return end !== 'damaged' && given === size && read === deflated.length
        ? memory.subarray(0, size)
        : undefined;
    },
    piece(bytes, at) {
      // what is never written to takes no memory
      if (memory.length < MOST_BYTES && at === 0) memory = otherMemory(MOST_BYTES);
      return inflateTo(zlib.Z_SYNC_FLUSH, bytes, at, MOST_BYTES);
    },
    text: (size) => memory.subarray(0, size),
  };

  /** The memory there was is let go before, so that the two need not be there at once. */
  function otherMemory(bytes: number): Buffer<ArrayBuffer> {
    memory = Buffer.alloc(0);
    return Buffer.allocUnsafeSlow(bytes);
  }
}

/** False for sizes that no chunk may have and those that so many bytes cannot hold. */
const isPossible = (deflated: Buffer, size: number): boolean =>
  size <= MAX_CHUNK_BYTES && size <= MAX_RATIO * deflated.length;

/** Inflates to `[from, to)` of the memory. */
function inflateBy(
  { stream, write, left }: Engine,
  flush: number,
  bytes: Buffer,
  memory: Buffer,
  from: number,
  to: number,
): Piece {
  stream.reset();
  write(flush, bytes, 0, bytes.length, memory, from, to - from);
  if (stream.destroyed) return { size: 0, read: 0, end: 'damaged' };
  const [free = 0, unread = 0] = left;
  return {
    size: to - from - free,
    read: bytes.length - unread,
    end: free === 0 ? 'full' : unread > 0 ? 'whole' : 'cut',
  };
}

/** The same without an engine of ours, by way of a copy. */
function copied(flush: number, bytes: Buffer, memory: Buffer, from: number, to: number): Piece {
  try {
    const options = { info: true, finishFlush: flush, maxOutputLength: to - from };
    // the type declarations do not know what `info` adds
    const { buffer, engine } = inflateRawSync(bytes, options) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    const size = buffer.copy(memory, from);
    const read = engine.bytesWritten;
    return { size, read, end: size === to - from ? 'full' : read < bytes.length ? 'whole' : 'cut' };
  } catch (error) {
    const isFull =
      typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    return isFull ? { size: to - from, read: 0, end: 'full' } : { size: 0, read: 0, end: 'damaged' };
  }
}

/** An engine, its synchronous write, and the free output and unread input that a write leaves. */
type Engine = { stream: InflateRaw; write: Write; left: Uint32Array };
type Write = (
  flush: number,
  from: Buffer,
  start: number,
  length: number,
  to: Buffer,
  toStart: number,
  toLength: number,
) => void;

/** Undefined where this Node's streams are not built like that. */
function openEngine(): Engine | undefined {
  const stream = createInflateRaw();
  stream.on('error', () => {}); // told by `destroyed`
  const left: unknown = Reflect.get(stream, '_writeState');
  const handle: unknown = Reflect.get(stream, '_handle');
  if (!types.isUint32Array(left) || !hasWrite(handle)) return undefined;
  return { stream, write: handle.writeSync.bind(handle), left };
}

function hasWrite(handle: unknown): handle is { writeSync: Write } {
  return (
    typeof handle === 'object' &&
    handle !== null &&
    'writeSync' in handle &&
    typeof handle.writeSync === 'function'
  );
}
