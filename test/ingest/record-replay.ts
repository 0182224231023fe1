import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { SymbolChoice } from '../../ingest/exchange/symbols.ts';
import type { Figures } from '../../ingest/health/figures.ts';
import { record } from '../../ingest/recorder.ts';
import { createLog } from '../../shared/program/log.ts';
import type { Store } from '../../shared/store/store.ts';
import { MINUTE_MS, systemClock } from '../../shared/time.ts';
import { startExchange } from '../../simulator/exchange.ts';
import type { Faults } from '../../simulator/faulty/faults.ts';
import type { Source } from '../../simulator/source/source.ts';

/** What of a replay is not as usual. */
type ReplayOptions = {
  choice?: SymbolChoice;
  faults?: Faults;
  waitStreams?: number;
};

/** Records a source at full speed until everything is stored, and resolves with the recorder's last figures. */
export async function recordReplay(
  store: Store,
  source: Source,
  { choice = { symbols: source.instruments.map(({ symbol }) => symbol) }, ...unusual }: ReplayOptions = {},
): Promise<Figures> {
  const exchange = await startExchange({ source, speed: 'max', ...unusual });
  const spool = await mkdtemp(join(tmpdir(), 'tapelake-spool-'));
  try {
    const options = {
      choice,
      wsUrl: exchange.wsUrl,
      restUrl: exchange.url,
      chunkMinutes: 1,
      spool,
      spoolMaxBytes: 1e9,
      staleAfterMs: 30_000,
      connectionMaxMs: 82_800_000,
      port: undefined,
      host: '127.0.0.1',
    };
    const log = createLog('ingest', { write: () => {} });
    const status = { everyMs: MINUTE_MS, show: () => {}, end: () => {} };
    const monotonicMs = () => performance.now();
    const deps = { store, clock: systemClock, monotonicMs, random: Math.random, log, status };
    const stop = new AbortController();
    const recording = record({ ...options, writer: 'w' }, deps, stop.signal);
    await Promise.race([exchange.ended, recording]);
    stop.abort();
    const figures = await recording;
    // What a bad store did not take in time is in the spool, and the next start stores it.
    for (let left = figures.waitingChunks, i = 0; left > 0; i++) {
      expect(i).toBeLessThan(20);
      const next = await record(
        { ...options, writer: `next-${i}`, restUrl: undefined },
        deps,
        AbortSignal.abort(),
      );
      left = next.waitingChunks;
    }
    return figures;
  } finally {
    await exchange.close();
    await rm(spool, { recursive: true, force: true });
  }
}
