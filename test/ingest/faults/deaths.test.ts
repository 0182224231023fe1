import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { IS_FULL, report } from './report.ts';
import { Trial, type TrialOptions } from './trial.ts';

const DEATHS = IS_FULL ? 20 : 4;
/** More than the depth of folders that a path can name. */
const DEATHS_ON_ONE_SPOOL = IS_FULL ? 200 : 6;
/** Five times real time, so that many minutes end while recorders die. */
const FAST: Omit<TrialOptions, 'seed'> = { speed: 5, durationMs: DEATHS * 40_000, tradesPerSecond: 10 };
/** The platform kills 10 s after SIGTERM. */
const SHUTDOWN_MS = 7_000;

const lifeMs = (random: () => number): number => 500 + random() * 3_500;

describe('the death of a recorder', () => {
  it.concurrent(`by kill -9 at ${DEATHS} random moments costs only what it had for less than a second`, async () => {
    const trial = await Trial.start({ ...FAST, seed: 11 });
    try {
      for (let death = 0; death < DEATHS; death++) {
        const recorder = trial.record();
        await trial.listening(2);
        await sleep(lifeMs(trial.random));
        await trial.kill(recorder);
      }
      const last = trial.record();
      await trial.listening(2);
      await sleep(1_000);
      last.kill('SIGTERM');
      expect(await last.ended).toMatchObject({ code: 0 });
      const verdict = await trial.verdict();
      report('kill -9, restart on the same spool', DEATHS, [verdict]);
      expect(verdict).toMatchObject({ lost: [], invented: [] });
      expect(verdict.delivered).toBeGreaterThan(DEATHS * 50);
    } finally {
      await trial.close();
    }
  }, 300_000);

  it.concurrent(`comes ${DEATHS_ON_ONE_SPOOL} times on one spool, which stays flat, and each row is stored once`, async () => {
    // Played for longer than so many lives take, whatever else this machine does.
    const trial = await Trial.start({ ...FAST, seed: 14, durationMs: DEATHS_ON_ONE_SPOOL * 300_000 });
    const spool = join(trial.folder, 'spool');
    // No connection is replaced, or its rows would come twice; and the longest name fills a path soonest.
    const start = () => trial.record(['--stale-after-s', '60', '--writer-id', 'w'.repeat(40)]);
    try {
      for (let death = 0; death < DEATHS_ON_ONE_SPOOL; death++) {
        const recorder = start();
        await recorder.said('recording begins');
        await trial.listening(2);
        // A few live too shortly to store what was left to them.
        await sleep(trial.random() * (death % 4 === 0 ? 100 : 3_000));
        await trial.kill(recorder);
        expect(await deepest(spool)).toBeLessThanOrEqual(RUN_DEPTH);
      }
      const last = start();
      await trial.listening(2);
      await sleep(500);
      last.kill('SIGTERM');
      expect(await last.ended).toMatchObject({ code: 0 });
      expect(await readdir(spool)).toEqual([]);
      const verdict = await trial.verdict();
      report('kill -9, again and again on one spool', DEATHS_ON_ONE_SPOOL, [verdict]);
      expect(verdict).toMatchObject({ lost: [], invented: [], repeated: [] });
      expect(verdict.delivered).toBeGreaterThan(DEATHS_ON_ONE_SPOOL * 10);
    } finally {
      await trial.close();
    }
  }, 1_800_000);

  it.concurrent(`by SIGTERM at ${DEATHS} random moments costs nothing and takes less than 7 s`, async () => {
    const trial = await Trial.start({ ...FAST, seed: 12 });
    try {
      for (let death = 0; death < DEATHS; death++) {
        const recorder = trial.record();
        await trial.listening(2);
        await sleep(lifeMs(trial.random));
        recorder.kill('SIGTERM');
        const { code, tookMs } = await recorder.ended;
        expect(code).toBe(0);
        expect(tookMs).toBeLessThan(SHUTDOWN_MS);
      }
      const verdict = await trial.verdict();
      report('SIGTERM', DEATHS, [verdict]);
      expect(verdict).toMatchObject({ lost: [], invented: [] });
      expect(verdict.delivered).toBeGreaterThan(DEATHS * 50);
    } finally {
      await trial.close();
    }
  }, 300_000);

  it.concurrent('costs nothing while a second recorder lives', async () => {
    const trial = await Trial.start({ ...FAST, seed: 13 });
    try {
      const start = (id: string) =>
        trial.record(['--writer-id', id, '--spool', `${trial.folder}/spool-${id}`]);
      let [first, second] = [start('a'), start('b')];
      await trial.listening(4);
      for (let death = 0; death < DEATHS / 2; death++) {
        await sleep(lifeMs(trial.random));
        await trial.kill(first);
        first = start('a');
        await trial.listening(4);
        await sleep(lifeMs(trial.random));
        await trial.kill(second);
        second = start('b');
        await trial.listening(4);
      }
      for (const recorder of [first, second]) recorder.kill('SIGTERM');
      for (const recorder of [first, second]) expect(await recorder.ended).toMatchObject({ code: 0 });
      const verdict = await trial.verdict();
      report('two recorders, staggered kill -9', DEATHS, [verdict]);
      expect(verdict).toMatchObject({ lost: [], invented: [] });
      expect(verdict.rows).toBeGreaterThan(verdict.delivered); // most rows came twice
    } finally {
      await trial.close();
    }
  }, 300_000);
});

/** A chunk in the folder of its run: `{run}/raw/{SYMBOL}/{DATE}/{kind}/{file}`. */
const RUN_DEPTH = 6;

/** The most names in a path below the folder. */
async function deepest(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const depths = entries.map(({ parentPath }) => parentPath.slice(folder.length).split('/').length);
  return Math.max(0, ...depths);
}
