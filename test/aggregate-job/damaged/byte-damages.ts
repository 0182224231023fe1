import type { Change } from './damage.ts';
import type { Dice } from './dice.ts';

// What disks, networks and hands do to bytes.

export const cut: Change = (bytes, dice) => bytes.subarray(0, dice.int(0, bytes.length));
export const cutAtItsEnd: Change = (bytes, dice) =>
  bytes.subarray(0, Math.max(0, bytes.length - dice.int(1, 9)));
export const emptied: Change = () => Buffer.alloc(0);
export const allZeros: Change = (bytes) => Buffer.alloc(bytes.length);

export const bitFlipped: Change = (bytes, dice) => {
  const flipped = Buffer.from(bytes);
  const at = dice.int(0, Math.max(0, bytes.length - 1));
  if (bytes.length > 0) flipped[at] = (flipped[at] ?? 0) ^ (1 << dice.int(0, 7));
  return flipped;
};

export const bitsFlippedAndCut: Change = (bytes, dice) => cut(bitFlipped(bytes, dice), dice);

/** A page that never reached the disk. */
export const tornPage: Change = (bytes, dice) => {
  const page = dice.pick([16, 64, 512]);
  const start = dice.int(0, Math.floor(bytes.length / page)) * page;
  return Buffer.from(bytes).fill(0, start, Math.min(bytes.length, start + page));
};

/** A file whose length was written and its end was not. */
export const tornEnd: Change = (bytes, dice) => Buffer.from(bytes).fill(0, dice.int(0, bytes.length));

export const doubled: Change = (bytes) => Buffer.concat([bytes, bytes]);
export const zerosBehind: Change = (bytes, dice) => Buffer.concat([bytes, Buffer.alloc(dice.int(1, 600))]);
export const noiseBehind: Change = (bytes, dice) => Buffer.concat([bytes, noise(dice, dice.int(1, 40))]);
export const noiseInside: Change = (bytes, dice) => {
  const at = dice.int(0, bytes.length);
  return Buffer.concat([bytes.subarray(0, at), noise(dice, dice.int(1, 20)), bytes.subarray(at)]);
};

export function noise(dice: Dice, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => dice.int(0, 255)));
}
