import { type Bars, combineBars, type Places } from '../../shared/bars/bars.ts';
import type { Integer } from '../../shared/bars/integers.ts';

/** What the files of a day are made of. */
export type DayBars = {
  decimals: Places;
  /** Bars of one second at `decimals`, and of one minute. */
  bars: Bars;
  minutes: Bars;
  /** Close before the day in ticks. */
  seed: Integer | null;
  /** By second: 1 where it is proven that no trade is missing. */
  complete: Uint8Array;
};

/** Bars of so many seconds. */
export function barsEvery({ bars, minutes }: Pick<DayBars, 'bars' | 'minutes'>, seconds: number): Bars {
  return seconds % 60 === 0 ? combineBars(minutes, seconds / 60) : combineBars(bars, seconds);
}

/** Flags of coarser bars: complete where every second of them is. */
export function combineFlags(seconds: Uint8Array, factor: number): Uint8Array {
  if (factor === 1) return seconds;
  return Uint8Array.from({ length: seconds.length / factor }, (_, bar) =>
    seconds.subarray(bar * factor, (bar + 1) * factor).every((flag) => flag === 1) ? 1 : 0,
  );
}
