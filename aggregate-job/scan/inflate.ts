// Inflates one chunk after the other with the same engine into the same memory. Node's `inflateRawSync` sets up an engine and fresh
// memory for every call, which then has to be cleared, mapped page by page and collected again, and its pages are in no cache when the
// scanner comes to them: all in all it takes 1.5 times as long. Streams can keep their engine but hop to another thread and back for
// each chunk. So this uses the engine inside a stream, as `minizlib` (and with it npm) does in its own way; where a later Node
// has another one, `inflateRawSync` does the work.

import { createInflateRaw, type InflateRaw, inflateRawSync, constants as zlib } from 'node:zlib';

/**
 * Inflates a whole deflate stream. Undefined when the stream is not exactly `deflated` or does not give exactly `size` bytes. The text is
 * valid until the next call.
 */
export type InflateWhole = (deflated: Buffer, size: number) => Buffer | undefined;

/** What a deflate stream gives: its text and the number of bytes it took. */
export type Inflated = { buffer: Buffer; engine: { bytesWritten: number } };

/** Room for more than the text, so that one that is longer shows. */
const SPARE_BYTES = 1;
/** Deflate packs at most 1032:1; a size beyond that is damage and no reason to reserve memory. */
const MAX_RATIO = 1032;
const START_BYTES = 1 << 20;

/** An inflater that keeps its engine and its memory. */
export function createInflater(): InflateWhole {
  let memory = Buffer.allocUnsafeSlow(START_BYTES);
  let engine = openEngine();
  return (deflated, size) => {
    if (size > MAX_RATIO * deflated.length) return undefined;
    if (!engine) return inflateWhole(deflated, size);
    if (memory.length < size + SPARE_BYTES) memory = Buffer.allocUnsafeSlow(2 * (size + SPARE_BYTES));
    const { stream, write, left } = engine;
    stream.reset();
    write(zlib.Z_FINISH, deflated, 0, deflated.length, memory, 0, size + SPARE_BYTES);
    if (stream.destroyed) {
      engine = openEngine(); // an engine that met an error is closed
      return undefined;
    }
    const [bytesFree, bytesUnread] = left;
    return bytesFree === SPARE_BYTES && bytesUnread === 0 ? memory.subarray(0, size) : undefined;
  };
}

/** Inflates one stream into memory of its own. */
export function inflateWhole(deflated: Buffer, size: number): Buffer | undefined {
  if (size > MAX_RATIO * deflated.length) return undefined;
  const inflated = inflate(deflated, Math.max(zlib.Z_MIN_CHUNK, size + SPARE_BYTES));
  const isWhole = inflated?.buffer.length === size && inflated.engine.bytesWritten === deflated.length;
  return isWhole ? inflated.buffer : undefined;
}

/** Inflates the stream that `bytes` start with; undefined where there is none. */
export function inflate(bytes: Buffer, chunkSize: number = zlib.Z_DEFAULT_CHUNK): Inflated | undefined {
  try {
    // the type declarations do not know what `info` adds
    return inflateRawSync(bytes, { info: true, chunkSize }) as unknown as Inflated;
  } catch {
    return undefined;
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
  if (!(left instanceof Uint32Array) || !hasWrite(handle)) return undefined;
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
