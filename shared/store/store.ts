/** An object as a listing shows it. */
export type ObjectInfo = {
  name: string;
  bytes: number;
  /** Changes with every write of the object; compared for equality only. */
  generation: string;
};

/** What an object held when it was read, and the generation that held it. */
export type StoredObject = { bytes: Buffer; generation: string };

/** What to write: bytes, or, for large objects, a source that can be opened again for a retry and always gives the same bytes. */
export type Body = Uint8Array | (() => AsyncIterable<Uint8Array>);

/** A half-open range of bytes, `[start, end)`. */
export type ByteRange = { start: number; end: number };

/**
 * A bucket or a folder: flat names, whole objects, atomic writes. An object is seen either as it was or as it is,
 * never half-written. Every method rejects with "verb object: cause" when the store cannot tell.
 */
export interface Store {
  /** The folder or `gs://bucket[/prefix]`, for messages. */
  readonly url: string;

  /** Writes an object that must not exist. The new generation (also when it holds exactly these bytes already: a retry is harmless), or undefined when it exists with other bytes. */
  create(name: string, body: Body): Promise<string | undefined>;

  /** The object, whole or a range of it; undefined when there is none. */
  read(name: string, range?: ByteRange): Promise<StoredObject | undefined>;

  /** Size and generation; undefined when there is no such object. */
  stat(name: string): Promise<ObjectInfo | undefined>;

  /** All objects whose name starts with `prefix`, in order of their names' UTF-8 bytes. */
  list(prefix: string): AsyncIterable<ObjectInfo>;

  /** The folders directly under `prefix` (which is empty or ends with `/`), each with its whole name and a final `/`, in order. */
  listFolders(prefix: string): Promise<string[]>;

  /** Overwrites exactly the given generation. The new generation, or undefined when the object is gone or another one. */
  replace(name: string, body: Body, generation: string): Promise<string | undefined>;

  /** Deletes exactly the given generation. False when the object is gone or another one. */
  remove(name: string, generation: string): Promise<boolean>;
}

/** True for a name every store takes: no empty, `.` or `..` segment, no control characters, no half surrogates (they have no UTF-8), at most 1,024 bytes. */
export function isObjectName(name: string): boolean {
  if (Buffer.byteLength(name) > 1024 || /[\p{Cc}\p{Cs}\\]/u.test(name)) return false;
  return name.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}

/** Objects of a listing, in order of their names' UTF-8 bytes (which is not JavaScript's order of strings beyond U+FFFF). */
export function compareNames(a: string, b: string): number {
  if (SURROGATES_OR_BEYOND.test(a) || SURROGATES_OR_BEYOND.test(b))
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : Number(a > b);
}

/** Without these JavaScript's order is that of the bytes, and comparing costs a tenth. */
const SURROGATES_OR_BEYOND = /[\ud800-\uffff]/;
