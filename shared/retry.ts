import type { Clock } from './time.ts';

/** Capped exponential back-off with jitter, and a limit on the time all tries take together. */
export type RetryPolicy = { firstDelayMs: number; maxDelayMs: number; totalMs: number };

/** What retrying needs from the world. */
export type RetryContext = { clock: Clock; random: () => number; signal?: AbortSignal };

/** How long to wait before try `attempt` + 1 (`attempt` counts from 0): at random between half and the whole of the doubled delay. */
export function backoffMs(
  policy: Pick<RetryPolicy, 'firstDelayMs' | 'maxDelayMs'>,
  attempt: number,
  random: () => number,
): number {
  const delayMs = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** attempt);
  return delayMs * (0.5 + random() / 2);
}

/**
 * Runs `work` until it succeeds, fails for good, or the policy's time is used up; then the last error is thrown.
 * `retryAfterMs` tells an error that may pass (0 or the wait the other side asked for) from one that will not (undefined).
 */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  policy: RetryPolicy,
  retryAfterMs: (error: unknown) => number | undefined,
  { clock, random, signal }: RetryContext,
): Promise<T> {
  const giveUpAt = clock.monotonicMs() + policy.totalMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      const askedMs = retryAfterMs(error);
      if (askedMs === undefined) throw error;
      const waitMs = Math.max(askedMs, backoffMs(policy, attempt, random));
      if (clock.monotonicMs() + waitMs > giveUpAt) throw error;
      await clock.sleep(waitMs, signal);
    }
  }
}
