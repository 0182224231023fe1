import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { FAULT_KINDS, type FaultKind } from '../../../simulator/faulty/kinds.ts';
import { IS_FULL, report } from './report.ts';
import { Trial, type Verdict } from './trial.ts';

const SEEDS = IS_FULL ? [1, 2, 3, 4, 5] : [1];
const FATAL: FaultKind = 'refuse-451';
/** A connection must come back after a back-off of a second or two; a refusal asks to wait 2 s more; a mute one is noticed first. */
function durationMs(kind: FaultKind): number {
  if (kind === 'wrong-route') return 15_000;
  if (kind.startsWith('refuse')) return 11_000;
  if (kind.startsWith('silence')) return 12_000;
  return /close|reset|day-end|huge|burst/.test(kind) ? 8_000 : 5_500;
}

/** One fault, 1.5 s and 3 s into a run across midnight; everything that was read must be in the chunks. */
async function tryFault(kind: FaultKind, seed: number): Promise<Verdict> {
  const trial = await Trial.start({ seed, durationMs: durationMs(kind) });
  try {
    const recorder = trial.record();
    await trial.listening(2);
    await sleep(1_500);
    trial.stage.cause(kind);
    await sleep(1_500);
    trial.stage.cause(kind);
    await trial.exchange.ended;
    recorder.kill('SIGTERM');
    expect(await recorder.ended).toMatchObject({ code: 0 });
    // It came back by itself. Skewed rows are up to 2 s older than they are.
    expect(trial.silentAtEnd(kind === 'skew' ? 3_500 : 1_500)).toEqual([]);
    return await trial.verdict();
  } finally {
    await trial.close();
  }
}

describe('every fault alone', () => {
  it.concurrent.each(FAULT_KINDS.filter((kind) => kind !== FATAL))(
    '%s costs nothing that was read, and the recorder goes on',
    async (kind) => {
      const verdicts: Verdict[] = [];
      for (const seed of SEEDS) verdicts.push(await tryFault(kind, seed));
      report(kind, SEEDS.length * 2, verdicts);
      for (const { delivered, lost, invented } of verdicts) {
        expect({ lost, invented }).toEqual({ lost: [], invented: [] });
        expect(delivered).toBeGreaterThan(100);
      }
    },
    120_000,
  );

  it.concurrent(`${FATAL} ends the recording with the reason, and what was read is stored`, async () => {
    const trial = await Trial.start({ seed: 1, durationMs: 6_000 });
    try {
      const recorder = trial.record();
      await trial.listening(2);
      await sleep(1_500);
      trial.stage.cause(FATAL);
      expect(await recorder.ended).toMatchObject({ code: 1 });
      expect(recorder.lines.at(-1)?.['message']).toContain('refuses this region');
      const verdict = await trial.verdict();
      report(FATAL, 1, [verdict], 'the process ends with code 1, as it must');
      expect(verdict).toMatchObject({ lost: [], invented: [] });
    } finally {
      await trial.close();
    }
  });
});
