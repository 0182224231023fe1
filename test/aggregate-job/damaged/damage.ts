import { gunzipSync, gzipSync } from 'node:zlib';
import { rawDayPrefix } from '../../../shared/lake/object-names.ts';
import { DATE, SYMBOL } from '../market-day.ts';
import type { Dice } from './dice.ts';
import type { Lake } from './lake.ts';

/** What is done to a lake. */
export type Damage = {
  /** Does it; false where the lake has nothing to do it to. */
  hit(lake: Lake, dice: Dice): boolean | Promise<boolean>;
  /**
   * What no reader could tell from the truth: another symbol's rows, or a well-formed neighbour's manifest with another id. The day may
   * believe it, so that the truth cannot judge what hangs on it; everything else is judged as ever.
   */
  lie?: 'rows' | 'ends';
  /** True for damage to what the day itself is built on (its zip, its manifest, the plan): the day may be refused, and stays as it is. */
  mayRefuse?: boolean;
};

/** Damage that is done at once. */
export type Hit = (lake: Lake, dice: Dice) => boolean;

/** A change of an object's bytes. */
export type Change = (bytes: Buffer, dice: Dice) => Buffer;

/** Damage of one raw object of the day, chunks more often than not. */
export function ofChunk(change: Change): Hit {
  return (lake, dice) => {
    const name = chunkOf(lake, dice);
    const bytes = name === undefined ? undefined : lake.objects.get(name);
    if (name === undefined || !bytes) return false;
    lake.objects.set(name, change(bytes, dice));
    return true;
  };
}

/** Damage of the named object, where it is there. */
export function ofObject(name: string, change: Change): Hit {
  return ({ objects }, dice) => {
    const bytes = objects.get(name);
    if (bytes) objects.set(name, change(bytes, dice));
    return bytes !== undefined;
  };
}

/** Damage of the text inside one raw object, which stays one intact gzip member. */
export function ofText(change: (lines: string[], dice: Dice) => string[] | string): Hit {
  return ofChunk((bytes, dice) => {
    const changed = change(textOf(bytes).split('\n'), dice);
    return gzipSync(typeof changed === 'string' ? changed : changed.join('\n'), { level: 1 });
  });
}

/** Name of a raw object of the day, of trades more often than not. */
export function chunkOf({ objects }: Lake, dice: Dice): string | undefined {
  const names = [...objects.keys()].filter((name) => name.startsWith(rawDayPrefix(SYMBOL, DATE)));
  const trades = names.filter((name) => name.includes('/trades/'));
  const among = trades.length > 0 && dice.chance(0.75) ? trades : names;
  return among.length === 0 ? undefined : dice.pick(among);
}

/** The text of a chunk that may be damaged already. */
export function textOf(bytes: Buffer): string {
  try {
    return gunzipSync(bytes).toString('latin1');
  } catch {
    return bytes.toString('latin1');
  }
}
