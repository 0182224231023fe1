import type { Clock } from '../../shared/time.ts';

/** A clock that a test moves by hand; `advance` wakes the sleepers whose time has come, in the order of their times. */
export function manualClock(startMs = 0): Clock & { advance(ms: number): Promise<void>; sleepers(): number } {
  let nowMs = startMs;
  let sleeping: { atMs: number; wake: () => void }[] = [];
  return {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    sleepers: () => sleeping.length,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { atMs: nowMs + ms, wake: resolve };
        sleeping.push(sleeper);
        signal?.addEventListener('abort', () => {
          sleeping = sleeping.filter((other) => other !== sleeper);
          reject(signal.reason);
        });
      }),
    async advance(ms) {
      const untilMs = nowMs + ms;
      await turns();
      for (let next = earliest(untilMs); next; next = earliest(untilMs)) {
        const { atMs, wake } = next;
        nowMs = Math.max(nowMs, atMs);
        sleeping = sleeping.filter((other) => other !== next);
        wake();
        await turns();
      }
      nowMs = untilMs;
    },
  };

  function earliest(untilMs: number) {
    return sleeping.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
  }
}

/** Lets all work that waits for nothing else go on. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}
