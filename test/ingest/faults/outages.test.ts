import { spawnSync } from 'node:child_process';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { FAULT_KINDS, planFaults } from '../../../simulator/faulty/kinds.ts';
import { IS_FULL, report } from './report.ts';
import { Trial } from './trial.ts';

const MINUTE = 60_000;

describe('outages and floods', () => {
  // One describe: concurrent tests wait for those of the describe before.
  it.concurrent('the store away for 15 simulated minutes costs nothing, and the recorder stays alive', async () => {
    const trial = await Trial.start({
      seed: 21,
      durationMs: 20 * MINUTE,
      speed: 60,
      tradesPerSecond: 2,
      depthEveryMs: 1_000,
    });
    try {
      const recorder = trial.record(['--port', '0']);
      const port = Number((await recorder.said('recording begins'))['port']);
      await trial.listening(2);
      await sleep(2_000);
      // A file where the folder was: nothing can be created, and nothing in it gets lost.
      await rename(trial.lake, `${trial.lake}-away`);
      await writeFile(trial.lake, '');
      const statuses = new Set<number>();
      const seen: unknown[] = [];
      for (let i = 0; i < 75; i++) {
        await sleep(200);
        statuses.add((await fetch(`http://127.0.0.1:${port}/livez`)).status);
        if (i === 70) seen.push(await (await fetch(`http://127.0.0.1:${port}/healthz`)).json());
      }
      await rename(trial.lake, `${trial.lake}-file`);
      await rename(`${trial.lake}-away`, trial.lake);
      await trial.exchange.ended;
      recorder.kill('SIGTERM');
      expect(await recorder.ended).toMatchObject({ code: 0 });
      expect([...statuses]).toEqual([200]);
      expect(seen).toMatchObject([{ isStoreFailing: true }]);
      const verdict = await trial.verdict();
      report('store away for 15 minutes', 1, [verdict], '/livez 200 throughout');
      expect(verdict).toMatchObject({ lost: [], invented: [] });
      expect(verdict.delivered).toBeGreaterThan(4_000);
    } finally {
      await trial.close();
    }
  }, 120_000);

  const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0;
  const mustRun = process.env['TAPELAKE_REQUIRE_EMULATOR'] === '1'; // where everything is checked, nothing is skipped
  (canMount || mustRun ? it.concurrent : it.skip)(
    `a full disk costs nothing${canMount ? '' : ' (skipped: no mount namespaces here for a small disk)'}`,
    async () => {
      const trial = await Trial.start({ seed: 22, durationMs: 8_000 });
      try {
        const spool = join(trial.folder, 'small');
        const recorder = trial.record(['--spool', spool], {
          inNamespace: `mkdir -p ${spool} && mount -t tmpfs -o size=64k none ${spool}`,
        });
        await trial.listening(2);
        await trial.exchange.ended;
        recorder.kill('SIGTERM');
        expect(await recorder.ended).toMatchObject({ code: 0 });
        expect(recorder.lines).toContainEqual(
          expect.objectContaining({ message: expect.stringContaining('ENOSPC') }),
        );
        const verdict = await trial.verdict();
        report('disk full', 1, [verdict]);
        expect(verdict).toMatchObject({ lost: [], invented: [] });
        expect(verdict.delivered).toBeGreaterThan(300);
      } finally {
        await trial.close();
      }
    },
    60_000,
  );

  (canMount || mustRun ? it.concurrent : it.skip)(
    `a full disk and the store away cost what is in memory at the end, which is counted to the row${canMount ? '' : ' (skipped: no mount namespaces here for a small disk)'}`,
    async () => {
      const trial = await Trial.start({ seed: 25, durationMs: 5_000 });
      try {
        const spool = join(trial.folder, 'small');
        const fill = `dd if=/dev/zero of=${spool}/filler bs=4k 2>/dev/null || true`;
        const recorder = trial.record(['--spool', spool], {
          inNamespace: `mkdir -p ${spool} && mount -t tmpfs -o size=64k none ${spool} && { ${fill}; }`,
        });
        await recorder.said('recording begins');
        await rename(trial.lake, `${trial.lake}-away`);
        await writeFile(trial.lake, '');
        await trial.listening(2);
        await trial.exchange.ended;
        recorder.kill('SIGTERM');
        expect(await recorder.ended).toMatchObject({ code: 1 });
        const lost = recorder.lines.find(({ message }) => String(message).startsWith('rows are lost'));
        expect(lost).toMatchObject({ severity: 'ERROR' });
        const figures = recorder.lines.find(({ message }) => message === 'recording ended');
        expect(figures?.['lostRows']).toBe(lost?.['rows']);
        expect(lost?.['rows']).toBe(trial.witness.delivered().size);
      } finally {
        await trial.close();
      }
    },
    60_000,
  );

  it.concurrent('a spool at its limit sheds snapshots, says how many, and keeps every trade', async () => {
    const trial = await Trial.start({ seed: 23, durationMs: 8 * MINUTE, speed: 60, tradesPerSecond: 5 });
    try {
      const recorder = trial.record(['--spool-max-bytes', '1048576']);
      await recorder.said('recording begins');
      await trial.listening(2);
      await rename(trial.lake, `${trial.lake}-away`);
      await writeFile(trial.lake, '');
      await trial.exchange.ended;
      await sleep(600);
      await rename(trial.lake, `${trial.lake}-file`);
      await rename(`${trial.lake}-away`, trial.lake);
      recorder.kill('SIGTERM');
      expect(await recorder.ended).toMatchObject({ code: 0 });
      const verdict = await trial.verdict();
      const shed = recorder.lines.findLast(({ message }) => message === 'recording ended')?.['shed'];
      report(
        'spool at its limit (1 MB)',
        1,
        [verdict],
        `all lost rows are depth that was shed: ${JSON.stringify(shed)}`,
      );
      expect(verdict.lost.filter((row) => row.includes(' trades '))).toEqual([]);
      expect(verdict.lost.length).toBeGreaterThan(0);
      expect(shed).toEqual({ trades: 0, depth: verdict.lost.length });
      expect(verdict.invented).toEqual([]);
    } finally {
      await trial.close();
    }
  }, 60_000);

  const faults = IS_FULL ? 200 : 20;
  const durationMs = IS_FULL ? 24 * 60 * MINUTE : 60 * MINUTE;

  it.concurrent(`a seeded mix of ${faults} faults in one recording costs nothing that was read`, async () => {
    const kinds = FAULT_KINDS.filter((kind) => kind !== 'refuse-451');
    const trial = await Trial.start({
      seed: 24,
      durationMs,
      // A fault every two or three seconds: a recorder that is struck sooner than it is back only learns to wait.
      speed: IS_FULL ? 240 : 150,
      symbols: ['BTCUSDT'],
      tradesPerSecond: 1,
      depthEveryMs: 1_000,
      // None in the last tenth: a recorder that stays away to the end would meet no more.
      plan: ({ startMs, endMs }, random) =>
        planFaults({ startMs, endMs: endMs - durationMs / 10 }, kinds, faults, random),
    });
    try {
      const recorder = trial.record();
      await trial.listening(2);
      await trial.exchange.ended;
      recorder.kill('SIGTERM');
      expect(await recorder.ended).toMatchObject({ code: 0 });
      const verdict = await trial.verdict();
      report(`mix of ${trial.stage.caused.length} faults in a simulated day`, 1, [verdict]);
      expect(verdict).toMatchObject({ lost: [], invented: [] });
      expect(verdict.delivered).toBeGreaterThan(faults * 100);
      expect(trial.stage.caused.length).toBeGreaterThan(faults * 0.9);
    } finally {
      await trial.close();
    }
  }, 900_000);
});
