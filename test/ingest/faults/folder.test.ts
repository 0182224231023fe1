import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { report } from './report.ts';
import { Trial } from './trial.ts';

const FAST = { speed: 5, durationMs: 100_000, tradesPerSecond: 10 };

describe('a recorder whose folder in the spool is gone', () => {
  /** What a recorder stored that lost its folder by `take`, was killed later and followed by another. */
  async function afterwards(seed: number, take: (spool: string, run: string) => Promise<void>) {
    const trial = await Trial.start({ ...FAST, seed });
    try {
      const recorder = trial.record(['--port', '0']);
      const port = Number((await recorder.said('recording begins'))['port']);
      await trial.listening(2);
      await sleep(2_500);
      const spool = join(trial.folder, 'spool');
      const [run = ''] = await readdir(spool);
      await take(spool, run);
      await recorder.said('use run folder');
      const health: unknown = await (await fetch(`http://127.0.0.1:${port}/healthz`)).json();
      await sleep(2_500);
      await trial.kill(recorder);
      const next = trial.record();
      await trial.listening(2);
      await sleep(500);
      next.kill('SIGTERM');
      expect(await next.ended).toMatchObject({ code: 0 });
      const left = await readdir(spool);
      const told = recorder.lines.filter(({ message }) => String(message).startsWith('rows are lost'));
      const lostRows = told.reduce((sum, { rows }) => sum + Number(rows), 0);
      // Reads every chunk, and would throw at one without its header.
      return { verdict: await trial.verdict(), health, left, lostRows };
    } finally {
      await trial.close();
    }
  }

  it.concurrent('because another took it loses nothing, and says so', async () => {
    const { verdict, health, left, lostRows } = await afterwards(31, async (spool, run) => {
      // As a recorder does that saw no sign of life; it has died since.
      const owner = await readFile(join(spool, run, 'owner'), 'utf8');
      await rename(join(spool, run), join(spool, `${run}~${owner.replace(/^\d+/, '4194999')}`));
    });
    report('run folder taken by another', 1, [verdict]);
    expect(verdict).toMatchObject({ lost: [], invented: [] });
    expect(lostRows).toBe(0);
    expect(health).toMatchObject({ healthy: false, lostFolders: 1 });
    expect(JSON.stringify(health)).toContain('taken');
    expect(left).toEqual([]);
  }, 60_000);

  it.concurrent('because the spool was deleted loses what lay in it, says how much, and nothing after it', async () => {
    const { verdict, health, left, lostRows } = await afterwards(32, (spool) =>
      rm(spool, { recursive: true }),
    );
    report('spool deleted while running', 1, [verdict], 'all of it was in the deleted folder');
    expect(verdict.invented).toEqual([]);
    expect(verdict.lost.length).toBeLessThanOrEqual(lostRows);
    expect(lostRows).toBeGreaterThan(0);
    expect(health).toMatchObject({ healthy: false, lostFolders: 1 });
    expect(left).toEqual([]);
  }, 60_000);
});
