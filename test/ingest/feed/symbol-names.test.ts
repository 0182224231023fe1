import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Figures } from '../../../ingest/health/figures.ts';
import { openStore } from '../../../shared/program/open-store.ts';
import type { Faults } from '../../../simulator/faulty/faults.ts';
import { createMarket } from '../../../simulator/market/market.ts';
import type { HttpAnswer } from '../../../simulator/rest/http.ts';
import { temporaryFolder } from '../../shared/temporary-folder.ts';
import { expectedRow, readChunks } from '../chunks.ts';
import { recordReplay } from '../record-replay.ts';

const startMs = Date.parse('2024-07-18T12:00:00Z');
const ODD = ['#', '?', '&', '%', '@', '%41', '+', '=', ';', '币'].map((letter) => `A${letter}BUSDT`);
const SYMBOLS = ['BTCUSDT', ...ODD, 'ETHUSDT'];
const market = { seed: 5, symbols: SYMBOLS, tradesPerSecond: 1, depthEveryMs: 10_000 };
const source = createMarket({ ...market, startMs, endMs: startMs + 60_000 });

describe('a recorder of all symbols whose names hold letters that mean something in a URL', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  /** What is recorded of the symbols, and what should be. */
  async function recorded(faults: Faults, silent: readonly string[]) {
    const store = await openStore(folder.path, { writable: true });
    const figures: Figures = await recordReplay(store, source, {
      choice: { quoteAsset: 'USDT' },
      faults,
      waitStreams: 2 * (SYMBOLS.length - silent.length),
    });
    const rows = (await readChunks(store)).flatMap((chunk) =>
      chunk.rows.map((row) => `${chunk.symbol} ${row}`),
    );
    const expected = [...source.frames()]
      .map(({ text }) => expectedRow(text))
      .filter(({ symbol }) => !silent.includes(symbol))
      .map(({ symbol, row }) => `${symbol} ${row}`);
    return { figures, rows: rows.sort(), expected: expected.sort() };
  }

  it('records them all', async () => {
    const { figures, rows, expected } = await recorded({}, []);
    expect(rows).toEqual(expected);
    expect(figures).toMatchObject({ unreadable: 0, symbols: SYMBOLS.length, reconnects: { refused: 0 } });
  });

  it('records all but those which the exchange will not open, and names these', async () => {
    const refused = ['A#BUSDT', 'A%BUSDT', 'A@BUSDT'];
    const names = refused.map((symbol) => `${symbol.toLowerCase()}@`);
    const answer: HttpAnswer = { status: 400, headers: {}, body: 'no such stream' };
    const onHandshake = (_: string, streams: readonly string[]): HttpAnswer | undefined =>
      streams.some((stream) => names.some((name) => stream.startsWith(name))) ? answer : undefined;
    const { figures, rows, expected } = await recorded({ onHandshake }, refused);
    expect(rows).toEqual(expected);
    expect(figures).toMatchObject({ unreadable: 0, symbols: SYMBOLS.length });
    const kinds = ['aggTrade', 'depth20@100ms'];
    expect([...figures.staleStreams].sort()).toEqual(
      names.flatMap((name) => kinds.map((kind) => name + kind)).sort(),
    );
  });
});
