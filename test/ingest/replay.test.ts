import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { record } from '../../ingest/recorder.ts';
import { createLog } from '../../shared/log.ts';
import { openStore } from '../../shared/store/open.ts';
import { MINUTE_MS, systemClock } from '../../shared/time.ts';
import { startExchange } from '../../simulator/exchange.ts';
import { openReplay } from '../../simulator/recording/replay.ts';
import { temporaryFolder } from '../shared/temporary-folder.ts';
import { RECORDINGS, recorded } from '../simulator/recorded.ts';
import { expectedRow, readChunks } from './chunks.ts';

describe('the recorder on recorded traffic', () => {
  recorded('stores every row once, in its own minute and day, and reopens no minute', async () => {
    const folder = await temporaryFolder();
    const lake = join(folder.path, 'lake');
    await mkdir(lake);
    const source = openReplay(RECORDINGS);
    const exchange = await startExchange({ source, speed: 'max' });
    try {
      const store = await openStore(lake, { writable: true });
      const stop = new AbortController();
      const log = createLog('ingest', { write: () => {} });
      const status = { everyMs: MINUTE_MS, show: () => {}, end: () => {} };
      const options = {
        choice: { symbols: ['BTCUSDT', 'ETHUSDT'] },
        writer: 'w',
        wsUrl: exchange.wsUrl,
        restUrl: exchange.url,
        chunkMinutes: 1,
        spool: join(folder.path, 'spool'),
        spoolMaxBytes: 1e9,
        staleAfterMs: 30_000,
        connectionMaxMs: 82_800_000,
        port: undefined,
      };
      const recording = record(
        options,
        { store, clock: systemClock, random: Math.random, log, status },
        stop.signal,
      );
      await exchange.ended;
      stop.abort();
      const tally = await recording;

      const chunks = await readChunks(store);
      const stored = chunks.flatMap(({ symbol, kind, startMs, rows }) =>
        rows.map((row) => `${symbol} ${kind} ${startMs} ${row}`),
      );
      const expected = [...source.frames()].map(({ text }) => {
        const { symbol, kind, timeMs, row } = expectedRow(text);
        return `${symbol} ${kind} ${timeMs - (timeMs % MINUTE_MS)} ${row}`;
      });
      expect(expected).toHaveLength(20_653);
      expect(stored.sort()).toEqual(expected.sort());
      expect(chunks.filter(({ n }) => n > 0)).toEqual([]);
      expect(chunks).toHaveLength(2 * 2 * 9);
      expect(tally).toMatchObject({ unreadable: 0, setAside: 0, chunks: 36, waitingChunks: 0 });
      expect(tally.gaps).toEqual({ count: 0, ids: 0 });
      expect(await readdir(join(folder.path, 'spool'))).toEqual([]);
    } finally {
      await exchange.close();
      await folder.remove();
    }
  });
});
