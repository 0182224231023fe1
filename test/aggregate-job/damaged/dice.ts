import { seededRandom } from '../../shared/random.ts';

/** Random choices, the same for the same seed. */
export type Dice = {
  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number;
  chance(share: number): boolean;
  /** One of the items. @throws RangeError where there is none. */
  pick<T>(items: readonly T[]): T;
};

export function createDice(seed: number): Dice {
  const random = seededRandom(Math.imul(seed + 1, 0x9e3779b1)); // neighbouring seeds give unlike days
  const int = (min: number, max: number): number => min + Math.floor(random() * (max - min + 1));
  return {
    int,
    chance: (share) => random() < share,
    pick: (items) => {
      const item = items[int(0, items.length - 1)];
      if (item === undefined) throw new RangeError('pick an item: there is none');
      return item;
    },
  };
}
