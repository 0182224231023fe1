import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatUnits } from '../../shared/decimals.ts';
import type { AggTradeEvent, DepthEvent, StreamFrame } from '../../shared/exchange/wire.ts';
import { MINUTE_MS } from '../../shared/time.ts';
import { createMarket, type MarketOptions, wholeDays } from '../../simulator/market/market.ts';
import { type Source, type Trade, tradesOf } from '../../simulator/source/source.ts';

const MIDNIGHT = Date.parse('2024-07-19T00:00:00Z');
const SPAN_MS = 20 * MINUTE_MS;
const OPTIONS: MarketOptions = {
  seed: 7,
  symbols: ['BTCUSDT', '1000PEPEUSDT'],
  startMs: MIDNIGHT - 2 * MINUTE_MS,
  endMs: MIDNIGHT + 2 * MINUTE_MS,
  depthEveryMs: 1_000,
  tradesPerSecond: 3,
};

const texts = (options: MarketOptions): string[] =>
  [...createMarket(options).frames()].map(({ text }) => text);

function tape(source: Source, symbol: string): NonNullable<ReturnType<Source['tape']>> {
  const found = source.tape(symbol);
  if (!found) throw new Error(`${symbol} is not listed`);
  return found;
}

function between(source: Source, symbol: string, fromMs: number, toMs: number): Trade[] {
  const { slice, indexOfTime } = tape(source, symbol);
  return slice(indexOfTime(fromMs), indexOfTime(toMs));
}

describe('random market', () => {
  it('is the same for the same seed and another for another', () => {
    expect(texts(OPTIONS)).toEqual(texts(OPTIONS));
    expect(texts(OPTIONS)).not.toEqual(texts({ ...OPTIONS, seed: 8 }));
  });

  it('is the same wherever the streams begin', () => {
    const later = texts({ ...OPTIONS, startMs: MIDNIGHT + MINUTE_MS });
    expect(texts(OPTIONS).slice(-later.length)).toEqual(later);
  });

  it('does not depend on the other symbols', () => {
    const alone = texts({ ...OPTIONS, symbols: ['1000PEPEUSDT'] });
    expect(texts(OPTIONS).filter((text) => text.startsWith('{"stream":"1000pepe'))).toEqual(alone);
  });

  it('writes trades in the shape of the exchange', () => {
    const text = texts(OPTIONS).find((frame) => frame.startsWith('{"stream":"btcusdt@aggTrade"'));
    expect(text).toMatch(
      /^\{"stream":"btcusdt@aggTrade","data":\{"e":"aggTrade","E":\d{13},"a":\d+,"s":"BTCUSDT","p":"\d+\.\d0","q":"\d+\.\d{3}","nq":"\d+\.\d{3}","f":\d+,"l":\d+,"T":\d{13},"m":(true|false),"st":1\}\}$/,
    );
  });

  it('writes whole books of 20 levels a side in the shape of the exchange', () => {
    const books = texts(OPTIONS).filter((frame) =>
      frame.startsWith('{"stream":"1000pepeusdt@depth20@100ms"'),
    );
    expect(books).toHaveLength(240);
    const side = String.raw`\[(\["0\.\d{7}","\d+"\],?){20}\]`;
    const shape = new RegExp(
      String.raw`^\{"stream":"1000pepeusdt@depth20@100ms","data":\{"e":"depthUpdate","E":\d{13},"T":\d{13},"s":"1000PEPEUSDT","ps":"1000PEPEUSDT","U":\d+,"u":\d+,"pu":\d+,"b":${side},"a":${side},"st":1\}\}$`,
    );
    for (const book of books) expect(book).toMatch(shape);
  });

  it('keeps books sorted and uncrossed, one a second, with update ids that follow on', () => {
    const books = [...createMarket(OPTIONS).frames()]
      .filter(({ stream }) => stream === 'btcusdt@depth20@100ms')
      .map(({ text }) => (JSON.parse(text) as StreamFrame<DepthEvent>).data);
    books.forEach((book, i) => {
      const bids = book.b.map(([price]) => Number(price));
      const asks = book.a.map(([price]) => Number(price));
      expect(bids).toEqual([...new Set(bids)].sort((a, b) => b - a));
      expect(asks).toEqual([...new Set(asks)].sort((a, b) => a - b));
      expect(bids[0]).toBeLessThan(asks[0] ?? 0);
      expect(Math.floor(book.T / 1000)).toBe(OPTIONS.startMs / 1000 + i);
      expect(book.U).toBeLessThanOrEqual(book.u);
      if (i > 0) expect(book.pu).toBe(books[i - 1]?.u);
    });
    expect(new Set(books.map(({ a }) => a[0]?.[1])).size).toBeGreaterThan(30);
  });

  it('never sends earlier than before, and each trade as the tape has it', () => {
    const market = createMarket(OPTIONS);
    let atMs = 0;
    const streamed: AggTradeEvent[] = [];
    for (const frame of market.frames()) {
      expect(frame.atMs).toBeGreaterThanOrEqual(atMs);
      atMs = frame.atMs;
      if (frame.stream === 'btcusdt@aggTrade') streamed.push(JSON.parse(frame.text).data);
    }
    const trades = between(market, 'BTCUSDT', OPTIONS.startMs, OPTIONS.endMs);
    expect(streamed.map(({ a, p, q, f, l, T, m }) => ({ a, p, q, f, l, T, m }))).toEqual(
      trades.map((t) => ({
        a: t.id,
        p: formatUnits(t.priceUnits, 2),
        q: formatUnits(t.quantityUnits, 3),
        f: t.firstId,
        l: t.lastId,
        T: t.timeMs,
        m: t.isBuyerMaker,
      })),
    );
    for (const { E, T } of streamed) expect(E - T).toBeGreaterThan(0);
  });

  it('has contiguous ids across midnight, rising trade ids and times that never fall', () => {
    const trades = between(createMarket(OPTIONS), 'BTCUSDT', MIDNIGHT - SPAN_MS, MIDNIGHT + SPAN_MS);
    expect(trades.length).toBeGreaterThan(3_000);
    let [skips, sameMs] = [0, 0];
    trades.forEach((trade, i) => {
      expect(trade.lastId).toBeGreaterThanOrEqual(trade.firstId);
      expect(trade.quantityUnits).toBeGreaterThanOrEqual(trade.lastId - trade.firstId + 1);
      const before = trades[i - 1];
      if (!before) return;
      expect(trade.id).toBe(before.id + 1);
      expect(trade.timeMs).toBeGreaterThanOrEqual(before.timeMs);
      expect(trade.firstId).toBeGreaterThan(before.lastId);
      if (trade.firstId > before.lastId + 1) skips++;
      if (trade.timeMs === before.timeMs) sameMs++;
    });
    expect(skips).toBeGreaterThan(10);
    expect(sameMs).toBeGreaterThan(500);
  });

  it('trades about as often as asked for', () => {
    const day = [...tradesOf(createMarket(OPTIONS), 'BTCUSDT', '2024-07-18')].length;
    expect(day / 86_400 / OPTIONS.tradesPerSecond).toBeCloseTo(1, 0.5);
  });

  it('finds any id and any time without having been there', () => {
    const all = between(createMarket(OPTIONS), 'BTCUSDT', MIDNIGHT - SPAN_MS, MIDNIGHT + SPAN_MS);
    const [first, last] = [all[0], all.at(-1)];
    if (!first || !last) throw new Error('no trades');
    const property = fc.property(
      fc.integer({ min: first.id, max: last.id }),
      fc.integer({ min: 1, max: 1500 }),
      fc.integer({ min: first.timeMs, max: last.timeMs }),
      (id, count, timeMs) => {
        const { slice, indexOfId, indexOfTime } = tape(createMarket(OPTIONS), 'BTCUSDT');
        const from = id - first.id;
        expect(slice(indexOfId(id), indexOfId(Math.min(last.id + 1, id + count)))).toEqual(
          all.slice(from, from + count),
        );
        const later = all.find((trade) => trade.timeMs >= timeMs);
        expect(slice(indexOfTime(timeMs), indexOfTime(timeMs) + 1)).toEqual([later]);
      },
    );
    fc.assert(property, { numRuns: 40 });
  });

  it('is silent in quiet minutes, and when a symbol never trades', () => {
    const quiet = createMarket({
      ...OPTIONS,
      symbols: [
        { symbol: 'BTCUSDT', quietMinutes: [[0, 720]] },
        { symbol: 'DEADUSDT', tradesPerSecond: 0 },
      ],
      ...wholeDays('2024-07-18'),
    });
    const [first] = tradesOf(quiet, 'BTCUSDT', '2024-07-18');
    expect(first?.timeMs).toBeGreaterThanOrEqual(Date.parse('2024-07-18T12:00:00Z'));
    expect(first?.timeMs).toBeLessThan(Date.parse('2024-07-18T12:10:00Z'));
    expect([...tradesOf(quiet, 'DEADUSDT', '2024-07-18')]).toEqual([]);
    expect(tape(quiet, 'DEADUSDT').slice(0, 10)).toEqual([]);
  });

  it('refuses a cadence that the exchange does not have', () => {
    expect(() => createMarket({ ...OPTIONS, depthEveryMs: 250 })).toThrow('steps of 100 ms');
  });
});
