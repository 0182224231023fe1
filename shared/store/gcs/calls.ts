import { type RetryPolicy, retry } from '../../retry.ts';
import type { Clock } from '../../time.ts';
import { createDeadline, type WithDeadline } from './deadline.ts';
import { failure, type Operation, retryAfterMs } from './errors.ts';

/** How patient a store is, and what it needs from the world. */
export type GcsPatience = {
  /** A call without any sign of life for this long is given up and tried again. */
  silenceMs: number;
  /** How the tries of one operation follow each other. */
  retry: RetryPolicy;
  clock: Clock;
  random: () => number;
};

/** How calls are made: each with a deadline, and an operation of several calls tried until it succeeds or cannot. */
export type GcsCalls = {
  once: WithDeadline;
  /** `bytes` to be sent make the operation's time longer. Throws "verb object: cause". */
  untilDone<T>(operation: Operation, url: string, work: () => Promise<T>, bytes?: number): Promise<T>;
};

/** A large upload is not given up as long as it could have gone at this speed. */
const SLOWEST_BYTES_PER_MS = 1_000;

export function createCalls({ silenceMs, retry: policy, clock, random }: GcsPatience): GcsCalls {
  return {
    once: createDeadline(clock, silenceMs),
    untilDone: async (operation, url, work, bytes = 0) => {
      const patient = { ...policy, totalMs: policy.totalMs + bytes / SLOWEST_BYTES_PER_MS };
      try {
        return await retry(work, patient, retryAfterMs, { clock, random });
      } catch (error) {
        throw failure(operation, url, error);
      }
    },
  };
}
