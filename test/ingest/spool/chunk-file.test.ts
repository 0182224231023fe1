import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ChunkFile } from '../../../ingest/spool/chunk-file.ts';
import { SpareMemory } from '../../../ingest/spool/spare-memory.ts';
import { temporaryFolder } from '../../shared/temporary-folder.ts';

/** Counts what it is asked for. */
class CountedMemory extends SpareMemory {
  readonly taken: number[] = [];

  override take(bytes: number): Buffer {
    const memory = super.take(bytes);
    this.taken.push(memory.length);
    return memory;
  }
}

describe('the file of a chunk', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  it('doubles its memory when that is full, and gives the smaller back', () => {
    const memory = new CountedMemory();
    const file = new ChunkFile({ name: 'a', header: 'h\n' }, memory, () => {});
    const line = Buffer.from(`${'x'.repeat(99)}\n`);
    for (let i = 0; i < 10_000; i++) file.append(line);
    expect(memory.taken).toEqual(Array.from({ length: 9 }, (_, doublings) => 4_096 * 2 ** doublings));
    expect(memory.bytes).toBe(1_048_576 - 4_096);
    expect(file.unwritten.equals(Buffer.concat([Buffer.from('h\n'), ...Array(10_000).fill(line)]))).toBe(
      true,
    );
  });

  it('begins anew where it alone was deleted', async () => {
    const lost: number[] = [];
    const file = new ChunkFile({ name: 'a', header: 'h\n' }, new SpareMemory(), (rows) => lost.push(rows));
    for (const row of ['1', '2']) file.append(Buffer.from(`${row}\n`));
    file.write(folder.path);
    await rm(join(folder.path, 'a'));
    file.append(Buffer.from('3\n'));
    file.write(folder.path);
    expect(await readFile(join(folder.path, 'a'), 'utf8')).toBe('h\n3\n');
    expect([lost, file.rows, file.hasLost]).toEqual([[2], 1, true]);
  });

  it('holds every row once and in order, whenever it is written, lost or both', async () => {
    const step = fc.oneof(
      fc.record({ append: fc.string({ maxLength: 3_000 }).map((text) => text.replaceAll('\n', '')) }),
      fc.constant('write' as const),
      fc.constant('lose' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        let lost = 0;
        let rows: string[] = [];
        let written = 0;
        const file = new ChunkFile({ name: 'raw/a.csv', header: 'h\n' }, new SpareMemory(), (count) => {
          lost += count;
        });
        let expectedLost = 0;
        for (const one of steps) {
          if (one === 'write') {
            file.write(folder.path);
            written = rows.length;
          } else if (one === 'lose') {
            await rm(join(folder.path, 'raw'), { recursive: true, force: true });
            file.lose();
            expectedLost += written;
            rows = rows.slice(written);
            written = 0;
          } else {
            file.append(Buffer.from(`${one.append}\n`));
            rows.push(one.append);
          }
          expect([file.rows, file.waitingRows, lost]).toEqual([
            rows.length,
            rows.length - written,
            expectedLost,
          ]);
        }
        file.write(folder.path);
        const text = ['h', ...rows, ''].join('\n');
        expect(await readFile(join(folder.path, 'raw/a.csv'), 'utf8')).toBe(text);
        expect([file.writtenBytes, file.waitingBytes]).toEqual([Buffer.byteLength(text), 0]);
        file.remove();
      }),
      { numRuns: 50 },
    );
  });
});

describe('spare memory', () => {
  it('serves only chunks of its own size, so that small ones never come to hold large pieces', () => {
    const memory = new SpareMemory();
    const large = memory.take(1_000_000);
    expect(large).toHaveLength(1_048_576);
    memory.give(large);
    expect(memory.take(4_097)).toHaveLength(8_192);
    expect(memory.bytes).toBe(1_048_576);
    expect(memory.take(600_000)).toBe(large);
    expect(memory.bytes).toBe(0);
  });

  it('stays within its limit, and lets go of the sizes first that are seen no more', () => {
    const memory = new SpareMemory(65_536);
    const [first, old, ...recent] = [16_384, 32_768, 16_384, 16_384].map((bytes) => memory.take(bytes));
    const pieces = [first, old, ...recent].filter((piece) => piece !== undefined);
    for (const piece of pieces) memory.give(piece);
    expect(memory.bytes).toBe(49_152);
    expect(pieces).toContain(memory.take(16_384));
    expect(memory.take(32_768)).not.toBe(old);
    memory.give(Buffer.alloc(131_072));
    expect(memory.bytes).toBe(32_768);
  });

  it('does not grow with the chunks that come and go, whatever their sizes', () => {
    const memory = new CountedMemory();
    const sizes = [100, 40_000, 900_000];
    for (let minute = 0; minute < 60; minute++) {
      const files = Array.from({ length: 12 }, (_, i) => {
        const file = new ChunkFile({ name: `${i}`, header: '' }, memory, () => {});
        // Each stream has now this size, now that.
        const bytes = sizes[(i + minute) % sizes.length] ?? 0;
        for (let filled = 0; filled < bytes; filled += 5_000) file.append(Buffer.alloc(5_000));
        return file;
      });
      for (const file of files) file.forget();
    }
    const distinct = new Set(memory.taken);
    expect(Math.max(...distinct)).toBe(1_048_576);
    expect(memory.bytes).toBeLessThan(12 * 2 * 1_048_576);
  });
});
