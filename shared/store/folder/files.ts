import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { type FileHandle, link, open, readdir, realpath, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../../errors.ts';
import type { ByteRange, StoredObject } from '../store.ts';

const COMPARED_AT_ONCE = 1 << 20;

/** Gives a file just written a time of its own: one deleted and written anew within a clock tick may get the same inode and time. */
export async function markGeneration(path: string): Promise<string> {
  const seconds = Math.floor(Date.now() / 1000) + Math.random();
  await utimes(path, seconds, seconds);
  return generationOf(await stat(path, { bigint: true }));
}

/** The generation of a file from its stat: stays through links and renames. */
export function generationOf({ ino, mtimeNs }: { ino: bigint; mtimeNs: bigint }): string {
  return `${ino}-${mtimeNs}`;
}

/** Gives a file a further name; false where the name is taken. */
export async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * What a file holds, or a range of it; undefined for what is no file. Synchronous, because a day is thousands of small files: to
 * hand each to another thread takes Node five times as long as to read it.
 */
export function readNow(path: string, range?: ByteRange): StoredObject | undefined {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // which does not wait for the other end of a pipe
  try {
    const info = fstatSync(file, { bigint: true });
    if (!info.isFile()) return undefined;
    const { start, end } = range ?? { start: 0, end: Number.POSITIVE_INFINITY };
    const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(end, Number(info.size)) - start));
    let filled = 0;
    while (filled < bytes.length) {
      const count = readSync(file, bytes, filled, bytes.length - filled, start + filled);
      if (count === 0) break;
      filled += count;
    }
    return { bytes: bytes.subarray(0, filled), generation: generationOf(info) };
  } finally {
    closeSync(file);
  }
}

/** Size and generation of what has this path; undefined where it is no file. */
export function statNow(path: string): { bytes: number; generation: string } | undefined {
  const info = statSync(path, { bigint: true });
  return info.isFile() ? { bytes: Number(info.size), generation: generationOf(info) } : undefined;
}

/** The bytes of a range, as far as the file has them. */
export async function readRange(file: FileHandle, { start, end }: ByteRange): Promise<Buffer> {
  const { size } = await file.stat();
  const buffer = Buffer.alloc(Math.max(0, Math.min(end, size) - start));
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** The generation of the file at `path`, given only when it holds the same bytes as the one at `other`. */
export async function generationIfEqual(
  path: string,
  other: string,
): Promise<{ generation: string | undefined }> {
  const [file, otherFile] = await openBoth(path, other);
  try {
    const [info, otherInfo] = await Promise.all([
      file.stat({ bigint: true }),
      otherFile.stat({ bigint: true }),
    ]);
    if (info.isDirectory()) throw new Error('a folder has this name');
    if (info.size !== otherInfo.size) return { generation: undefined };
    for (let start = 0; start < info.size; start += COMPARED_AT_ONCE) {
      const range = { start, end: start + COMPARED_AT_ONCE };
      const [bytes, otherBytes] = await Promise.all([readRange(file, range), readRange(otherFile, range)]);
      if (!bytes.equals(otherBytes)) return { generation: undefined };
    }
    return { generation: generationOf(info) };
  } finally {
    await Promise.all([file.close(), otherFile.close()]);
  }
}

async function openBoth(path: string, other: string): Promise<[FileHandle, FileHandle]> {
  const file = await open(path);
  try {
    return [file, await open(other)];
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Files and folders in a folder; none where there is no folder. */
export async function entriesOf(path: string) {
  return (await unlessAbsent(() => readdir(path, { withFileTypes: true }))) ?? [];
}

/**
 * What the link of this name leads to. Undefined where it leads nowhere, or to a folder in which it lies itself (by whatever way it was
 * come to): that would have no end.
 */
export async function linkedTo(root: string, name: string): Promise<Stats | undefined> {
  const path = join(root, name);
  const target = await unlessAbsent(() => realpath(path)).catch(unlessLoop);
  if (target === undefined) return undefined;
  const info = await stat(target);
  if (!info.isDirectory()) return info;
  const inTarget = target === '/' ? target : `${target}/`;
  for (let above = dirname(name); ; above = dirname(above)) {
    const real = await realpath(join(root, above));
    if (`${real}/`.startsWith(inTarget)) return undefined;
    if (above === '.') return info;
  }
}

/** A link that leads to itself leads nowhere. */
function unlessLoop(error: unknown): undefined {
  if (errorCode(error) !== 'ELOOP') throw error;
}

/** Undefined where the work finds no file: nothing has the name, a file stands where a folder should, or a folder has the name. */
export async function unlessAbsent<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}
