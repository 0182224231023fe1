import { doing } from '../../../shared/errors.ts';
import {
  type Body,
  type ByteRange,
  compareNames,
  isObjectName,
  type ObjectInfo,
  type Store,
  type StoredObject,
} from '../../../shared/store/store.ts';

/**
 * A store in memory, for tests of many runs: it keeps the store's contract, and has nothing to sync. Its `objects` are what
 * they seem: a test may read them, put damaged ones there and take them away.
 */
export class MemoryStore implements Store {
  readonly url = 'memory';
  readonly objects: Map<string, Buffer>;
  readonly #generations = new WeakMap<Buffer, string>();
  #writes = 1;

  constructor(objects: ReadonlyMap<string, Buffer> = new Map()) {
    this.objects = new Map([...objects].map(([name, bytes]) => [name, Buffer.from(bytes)]));
  }

  async create(name: string, body: Body): Promise<string | undefined> {
    return doing('create', allowed(name), async () => {
      const bytes = await whole(body);
      const present = this.objects.get(name);
      if (present) return present.equals(bytes) ? this.#generationOf(present) : undefined;
      return this.#put(name, bytes);
    });
  }

  async read(name: string, range?: ByteRange): Promise<StoredObject | undefined> {
    const bytes = this.objects.get(allowed(name));
    if (!bytes) return undefined;
    const part = range ? bytes.subarray(range.start, range.end) : bytes;
    return { bytes: Buffer.from(part), generation: this.#generationOf(bytes) };
  }

  async stat(name: string): Promise<ObjectInfo | undefined> {
    const bytes = this.objects.get(allowed(name));
    return bytes && { name, bytes: bytes.length, generation: this.#generationOf(bytes) };
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix));
    for (const name of names.sort(compareNames)) {
      const info = await this.stat(name);
      if (info) yield info;
    }
  }

  async listFolders(prefix: string): Promise<string[]> {
    const inner = [...this.objects.keys()]
      .filter((name) => name.startsWith(prefix) && name.includes('/', prefix.length))
      .map((name) => name.slice(0, name.indexOf('/', prefix.length) + 1));
    return [...new Set(inner)].sort(compareNames);
  }

  async replace(name: string, body: Body, generation: string): Promise<string | undefined> {
    return doing('replace', allowed(name), async () => {
      const bytes = await whole(body);
      return this.#holds(name, generation) ? this.#put(name, bytes) : undefined;
    });
  }

  async remove(name: string, generation: string): Promise<boolean> {
    return this.#holds(allowed(name), generation) && this.objects.delete(name);
  }

  #put(name: string, bytes: Buffer): string {
    this.objects.set(name, bytes);
    return this.#generationOf(bytes);
  }

  #holds(name: string, generation: string): boolean {
    const present = this.objects.get(name);
    return present !== undefined && this.#generationOf(present) === generation;
  }

  /** Every write brings a buffer of its own, so the buffer tells the generation, also of one that a test put there. */
  #generationOf(bytes: Buffer): string {
    const generation = this.#generations.get(bytes) ?? `g${this.#writes++}`;
    this.#generations.set(bytes, generation);
    return generation;
  }
}

function allowed(name: string): string {
  if (isObjectName(name)) return name;
  throw new Error(`use object name ${JSON.stringify(name)}: not allowed`);
}

async function whole(body: Body): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const parts: Uint8Array[] = [];
  for await (const part of body()) parts.push(part);
  return Buffer.concat(parts);
}
