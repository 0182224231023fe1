import { crc32 } from 'node:zlib';
import { unpackChunk } from '../scan/chunk.ts';
import type { ChunkReading } from '../scan/scan-chunk.ts';
import type { DayInput } from './inputs.ts';

/** What the zip needs to know of them. One at a time: they have no hurry and may be large. */
export async function readOddInputs(inputs: readonly DayInput[]): Promise<[DayInput, ChunkReading][]> {
  const readings: [DayInput, ChunkReading][] = [];
  for (const input of inputs) readings.push([input, await readOdd(input)]);
  return readings;
}

async function readOdd(input: DayInput): Promise<ChunkReading> {
  const stored = await input.load();
  const unpacked = unpackChunk(stored);
  if ('damage' in unpacked) {
    const { damage } = unpacked;
    const sum = crc32(stored.bytes);
    return { rows: 0, size: stored.bytes.length, crc32: sum, packedCrc32: sum, damage };
  }
  const { text, deflated, crc32: sum } = unpacked;
  return { rows: 0, size: text.length, crc32: sum, packedCrc32: crc32(deflated), damage: null };
}
