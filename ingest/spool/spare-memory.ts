const MAX_SPARE_BYTES = 33_554_432;
const SMALLEST_BYTES = 4_096;

/**
 * Memory of chunks that are done, for the next ones: a stream's minutes are about as large, so a chunk need not grow step by
 * step, and memory outside the heap does not drive the garbage collector. Each piece is of a size class, a power of two, and
 * serves only chunks of its class: if any piece served any chunk, all of them would come to be as large as the largest.
 */
export class SpareMemory {
  readonly #maxBytes: number;
  /** By size; the class that was given to last comes last. */
  readonly #spare = new Map<number, Buffer[]>();
  #bytes = 0;

  constructor(maxBytes = MAX_SPARE_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that nobody uses now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Memory of at least so many bytes and less than twice as many, with anything in it. */
  take(bytes: number): Buffer {
    const size = classOf(bytes);
    const spare = this.#spare.get(size)?.pop();
    this.#bytes -= spare?.length ?? 0;
    return spare ?? Buffer.allocUnsafeSlow(size);
  }

  /** Nobody reads it any more. */
  give(memory: Buffer): void {
    const size = memory.length;
    if (size === 0 || size > this.#maxBytes) return;
    const ofClass = this.#spare.get(size) ?? [];
    ofClass.push(memory);
    this.#spare.delete(size);
    this.#spare.set(size, ofClass);
    this.#bytes += size;
    if (this.#bytes > this.#maxBytes) this.#shrink();
  }

  /** Lets go of the classes that were not given to for longest: chunks of that size are not seen any more. */
  #shrink(): void {
    for (const [size, spare] of this.#spare) {
      while (spare.length > 0 && this.#bytes > this.#maxBytes) {
        spare.pop();
        this.#bytes -= size;
      }
      if (spare.length === 0) this.#spare.delete(size);
      if (this.#bytes <= this.#maxBytes) return;
    }
  }
}

function classOf(bytes: number): number {
  let size = SMALLEST_BYTES;
  while (size < bytes) size *= 2;
  return size;
}
