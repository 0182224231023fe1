import { describe, expect } from '@jest/globals';
import { openStore } from '../../shared/program/open-store.ts';
import { MINUTE_MS } from '../../shared/time.ts';
import { openReplay } from '../../simulator/recording/replay.ts';
import { temporaryFolder } from '../shared/temporary-folder.ts';
import { RECORDINGS, recorded } from '../simulator/recorded.ts';
import { expectedRow, readChunks } from './chunks.ts';
import { recordReplay } from './record-replay.ts';

describe('the recorder on recorded traffic', () => {
  recorded('stores every row once, in its own minute and day, and reopens no minute', async () => {
    const folder = await temporaryFolder();
    try {
      const source = openReplay(RECORDINGS);
      const store = await openStore(folder.path, { writable: true });
      const figures = await recordReplay(store, source);

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
      expect(figures).toMatchObject({ unreadable: 0, setAside: 0, chunks: 36, waitingChunks: 0 });
      expect(figures.gaps).toEqual({ count: 0, ids: 0 });
    } finally {
      await folder.remove();
    }
  });
});
