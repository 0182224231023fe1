const MAX_SPARE_BYTES = 33_554_432;

/**
 * Memory of chunks that are done, for the next ones: a stream's minutes are about as large, so a chunk need not grow step by
 * step, and memory outside the heap does not drive the garbage collector.
 */
export class SpareMemory {
  readonly #spare: Buffer[] = [];
  #bytes = 0;

  /** Memory of at least so many bytes, with anything in it. */
  take(bytes: number): Buffer {
    const spare = this.#spare.pop();
    this.#bytes -= spare?.length ?? 0;
    return spare && spare.length >= bytes ? spare : Buffer.allocUnsafeSlow(bytes);
  }

  /** Nobody reads it any more. */
  give(memory: Buffer): void {
    if (memory.length === 0 || this.#bytes + memory.length > MAX_SPARE_BYTES) return;
    this.#spare.push(memory);
    this.#bytes += memory.length;
  }
}
