import type { RawKind } from '../../shared/lake/object-names.ts';
import type { Stream } from './stream.ts';

/** What every frame of a stream has in common, as bytes, so that its names are compared and never read. */
export type Head = {
  stream: string;
  symbol: string;
  kind: RawKind;
  /** The frame's first bytes, up to the digits of its event time. */
  start: Uint8Array;
  /** The key of the symbol and its value, with the comma before and the quote behind. */
  symbolPair: Uint8Array;
};

const EVENT_OF: Record<RawKind, string> = { trades: 'aggTrade', depth: 'depthUpdate' };
/** Behind `{"stream":"`. */
const NAME_AT = 11;
/** Even the shortest name and what follows it are longer; names that are the same up to here are rare. */
const HASH_END = NAME_AT + 24;

/** The heads of some streams, found by the frame's first bytes. */
export class Heads {
  readonly #byHash = new Map<number, Head>();

  constructor(streams: readonly Stream[]) {
    for (const stream of streams) {
      const head = headOf(stream);
      this.#byHash.set(hashOfName(head.start), head); // of two with the same hash one is read slowly
    }
  }

  /** The head of the frame's stream, which is still to be compared with the frame; undefined for an unknown stream. */
  find(frame: Uint8Array): Head | undefined {
    return this.#byHash.get(hashOfName(frame));
  }
}

function headOf({ name: stream, symbol, kind }: Stream): Head {
  const start = `{"stream":${JSON.stringify(stream)},"data":{"e":"${EVENT_OF[kind]}","E":`;
  const symbolPair = `,"s":${JSON.stringify(symbol)}`;
  return { stream, symbol, kind, start: Buffer.from(start), symbolPair: Buffer.from(symbolPair) };
}

/** Of bytes that all frames of the stream have in common: the name, or the name and a part of what follows. */
function hashOfName(frame: Uint8Array): number {
  let hash = 0;
  for (let at = NAME_AT; at < HASH_END; at++) hash = (Math.imul(hash, 31) + (frame[at] ?? 0)) | 0;
  return hash;
}
