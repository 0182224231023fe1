import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backoffMs, retry } from '../../shared/retry.ts';
import { fakeClock } from './fake-clock.ts';

const POLICY = { firstDelayMs: 100, maxDelayMs: 1_000, totalMs: 10_000 };
const passing = (): number => 0;

/** Fails `failures` times, then gives the number of its try. */
const failing =
  (failures: number) =>
  async (attempt: number): Promise<number> => {
    if (attempt < failures) throw new Error(`failure ${attempt}`);
    return attempt;
  };

describe('backoffMs', () => {
  it('doubles from the first delay to the largest, with half of it left to chance', () => {
    const fractions = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5_000 }), fractions, (attempt, fraction) => {
        const full = Math.min(1_000, 100 * 2 ** attempt);
        const delay = backoffMs(POLICY, attempt, () => fraction);
        expect(delay >= full / 2 && delay <= full).toBe(true);
      }),
    );
  });
});

describe('retry', () => {
  it('gives the first success and waits longer each time before it', async () => {
    const clock = fakeClock();
    expect(await retry(failing(5), POLICY, passing, { clock, random: () => 1 })).toBe(5);
    expect(clock.sleptMs).toEqual([100, 200, 400, 800, 1_000]);
  });

  it('gives up after its time also where the wall clock is set back', async () => {
    const clock = fakeClock();
    let tries = 0;
    const work = async (): Promise<never> => {
      clock.setWall(-3_600_000 * ++tries);
      if (tries > 50) throw new RangeError('tries for ever');
      throw new Error('no');
    };
    const isPassing = (error: unknown) => (error instanceof RangeError ? undefined : 0);
    await expect(retry(work, POLICY, isPassing, { clock, random: () => 1 })).rejects.toThrow('no');
    expect(clock.monotonicMs()).toBeLessThanOrEqual(10_000);
  });

  it('throws an error that will not pass at once', async () => {
    const clock = fakeClock();
    const work = retry(failing(1), POLICY, () => undefined, { clock, random: () => 1 });
    await expect(work).rejects.toThrow('failure 0');
    expect(clock.sleptMs).toEqual([]);
  });

  it('throws the last error when its time is used up, and never waits past it', async () => {
    const clock = fakeClock(500);
    const work = retry(failing(1_000), POLICY, passing, { clock, random: () => 1 });
    await expect(work).rejects.toThrow('failure 12');
    expect(clock.now()).toBe(500 + 9_500);
  });

  it('counts the time the tries take', async () => {
    const clock = fakeClock();
    const slow = async (): Promise<never> => {
      await clock.sleep(6_000);
      throw new Error('slow');
    };
    await expect(retry(slow, POLICY, passing, { clock, random: () => 1 })).rejects.toThrow('slow');
    expect(clock.sleptMs).toEqual([6_000, 100, 6_000]);
  });

  it('waits at least as long as the other side asks, unless that is too long', async () => {
    const clock = fakeClock();
    await retry(failing(1), POLICY, () => 3_000, { clock, random: () => 1 });
    expect(clock.sleptMs).toEqual([3_000]);
    const asked = retry(failing(1), POLICY, () => 60_000, { clock, random: () => 1 });
    await expect(asked).rejects.toThrow('failure 0');
    expect(clock.sleptMs).toEqual([3_000]);
  });

  it('ends with the reason of its signal', async () => {
    const context = { clock: fakeClock(), random: () => 1, signal: AbortSignal.abort(new Error('stopping')) };
    await expect(retry(failing(1), POLICY, passing, context)).rejects.toThrow('stopping');
  });
});
