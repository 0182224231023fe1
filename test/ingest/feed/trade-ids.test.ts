import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TradeIds } from '../../../ingest/feed/trade-ids.ts';
import { createTally } from '../../../ingest/health/tally.ts';

/** Trades of aggregate ids as they came; each stands for ten single ones. */
function saw(ids: readonly number[], symbol = 'A') {
  const tally = createTally();
  const trades = new TradeIds(tally);
  const see = (id: number, of = symbol): void => {
    const [stream, line] = [`${of.toLowerCase()}@aggTrade`, Buffer.alloc(0)];
    trades.saw({ stream, symbol: of, kind: 'trades', timeMs: 0, eventMs: 0, id, lastId: 10 * id, line });
  };
  for (const id of ids) see(id);
  return { trades, tally, see };
}

describe('the ids of trades as they come', () => {
  it.each<[string, number[], number, number]>([
    ['none', [], 0, 0],
    ['one', [700], 0, 0],
    ['several in a row', [7, 8, 9], 0, 0],
    ['one left out', [7, 9], 1, 1],
    ['three left out', [7, 11], 1, 3],
    ['two holes', [7, 9, 12], 2, 3],
    ['one twice, as two connections deliver it', [7, 8, 8, 9], 0, 0],
    ['some again behind newer ones', [7, 8, 9, 7, 8, 10], 0, 0],
    ['one late, which was counted as missing', [7, 9, 8, 10], 1, 1],
    ['0 and 1', [0, 1], 0, 0],
  ])('have the holes that are in them: %s', (_, ids, count, missing) => {
    expect(saw(ids).tally.gaps).toEqual({ count, ids: missing });
  });

  it('are counted for each symbol by itself', () => {
    const { trades, tally, see } = saw([1, 2]);
    see(1_000, 'B');
    see(3);
    see(1_001, 'B');
    expect(tally.gaps).toEqual({ count: 0, ids: 0 });
    expect([trades.lastId('A'), trades.lastId('B'), trades.lastId('C')]).toEqual([30, 10_010, undefined]);
  });

  it('tell the newest single trade, which a late one does not take back', () => {
    const { trades, see } = saw([5, 7]);
    expect(trades.lastId('A')).toBe(70);
    see(6);
    expect(trades.lastId('A')).toBe(70);
    see(8);
    expect(trades.lastId('A')).toBe(80);
  });

  it('hold what is missing between the first and the last', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(1_000), { minLength: 1 }), (ids) => {
        const sorted = ids.toSorted((a, b) => a - b);
        const { gaps } = saw(sorted).tally;
        expect(gaps.ids).toBe((sorted.at(-1) ?? 0) - (sorted[0] ?? 0) + 1 - ids.length);
        expect(gaps.count).toBe(sorted.filter((id, i) => i > 0 && id !== (sorted[i - 1] ?? 0) + 1).length);
      }),
    );
  });
});
