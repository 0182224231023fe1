import { describe, expect, it } from '@jest/globals';
import type { RestKline } from '../../../shared/exchange/wire.ts';
import { DAY_MS, MINUTE_MS } from '../../../shared/time.ts';
import { MemoryStore } from '../../shared/store/memory-store.ts';
import type { Snapshot, Trade } from '../chunks.ts';
import { manifestIn, runDay } from '../job.ts';
import { DAY_START, recorded } from '../market-day.ts';
import { seededRandom } from '../repair/holes.ts';

const NOON = DAY_START + DAY_MS / 2;

/** `count` trades from noon on, a second apart, at prices that go up and down. */
const tradesWith = (
  count: number,
  change: (trade: Trade, index: number) => Partial<Trade> = () => ({}),
): Trade[] =>
  Array.from({ length: count }, (_, index) => {
    const trade: Trade = {
      T: NOON + index * 1_000,
      price: `100.${index % 10}`,
      quantity: '1',
      maker: index % 2 === 0,
      id: index + 1,
      first: index + 1,
      last: index + 1,
    };
    return { ...trade, ...change(trade, index) };
  });

/** A book of the whole day, a snapshot every `everyMs`, never the same twice. */
const bookOf = (
  everyMs: number,
  change: (snapshot: Snapshot) => Partial<Snapshot> = () => ({}),
): Snapshot[] => {
  const random = seededRandom(1);
  return Array.from({ length: DAY_MS / everyMs }, (_, index) => {
    const snapshot: Snapshot = {
      T: DAY_START + index * everyMs,
      u: index + 1,
      bids: [['99.9', String(1 + Math.floor(random() * 1e6))]],
      asks: [['100.0', String(1 + Math.floor(random() * 1e6))]],
    };
    return { ...snapshot, ...change(snapshot) };
  });
};
const book = bookOf(5_000);

async function warningsOf(trades: Trade[], depth = book, klines: RestKline[] = []): Promise<string[]> {
  const store = new MemoryStore(recorded({ trades, depth }));
  const rest = {
    time: async () => 0,
    aggTrades: async () => [],
    klines: async ({ startTime }: { startTime: number }) => klines.filter(([openMs]) => openMs >= startTime),
    lastTradeIds: async () => new Map(),
    symbols: async () => [],
  };
  await runDay({ store, rest });
  return manifestIn(store.objects).warnings;
}

describe('a day of which nothing is odd', () => {
  it('has no warnings', async () => {
    expect(await warningsOf(tradesWith(1_500))).toEqual([]);
  });
});

describe('a day with one side of the flow under 1 %', () => {
  it('is warned of, with figures', async () => {
    const sold = tradesWith(1_001, (_, index) => ({ maker: index % 200 !== 0 }));
    expect(await warningsOf(sold)).toEqual([
      '0.60 % of the volume of 1001 trades has the buyer as aggressor',
    ]);
    const bought = tradesWith(2_000, () => ({ maker: false }));
    expect(await warningsOf(bought)).toEqual([
      '0.00 % of the volume of 2000 trades has the seller as aggressor',
    ]);
  });

  it('is not where it has at most 1,000 trades, or the side has 1 %', async () => {
    expect(await warningsOf(tradesWith(1_000, () => ({ maker: true })))).toEqual([]);
    expect(await warningsOf(tradesWith(1_500, (_, index) => ({ maker: index % 100 !== 0 })))).toEqual([]);
  });
});

describe('a book that stands still', () => {
  /** A snapshot every second while there are trades, else every five. */
  const isTaken = ({ T }: Snapshot): boolean => T % 5_000 === 0 || Math.abs(T - NOON) < 200_000;
  const everySecond = bookOf(1_000).filter(isTaken);
  const still: Partial<Snapshot> = { bids: [['99.9', '7']], asks: [['100.0', '7']] };
  const stillWhere = (isStill: (T: number) => boolean): Snapshot[] =>
    everySecond.map((snapshot) => (isStill(snapshot.T) ? { ...snapshot, ...still } : snapshot));
  const frozenFor = (fromMs: number, seconds: number): Snapshot[] =>
    stillWhere((T) => T >= fromMs && T < fromMs + seconds * 1_000);

  it('for more than a minute while trades move the price is warned of', async () => {
    expect(await warningsOf(tradesWith(200), frozenFor(NOON + 10_000, 61))).toEqual([
      'the book stands still 1 times for more than 60 s while trades move the price, 61 s at most',
    ]);
  });

  it('is not for a minute, or while the price stands still too', async () => {
    expect(await warningsOf(tradesWith(200), frozenFor(NOON + 10_000, 60))).toEqual([]);
    expect(
      await warningsOf(
        tradesWith(200, () => ({ price: '100.0' })),
        frozenFor(NOON, 190),
      ),
    ).toEqual([]);
    expect(await warningsOf(tradesWith(200), frozenFor(NOON - 4_000_000, 3_000))).toEqual([]);
  });

  it('is none where nobody looked: the snapshots around a gap may well be the same', async () => {
    const gap = stillWhere((T) => T === NOON - 1_000 || T === NOON + 120_000).filter(
      ({ T }) => T < NOON || T >= NOON + 120_000,
    );
    expect(await warningsOf(tradesWith(200), gap)).toEqual([
      '1 stretches of more than 5 s have no snapshot, 121 s in all',
    ]);
  });
});

describe('a book', () => {
  it('with an empty side or crossed is warned of', async () => {
    const odd = bookOf(5_000, ({ T }) => {
      if (T < NOON || T >= NOON + 20_000) return {};
      return T < NOON + 15_000 ? { bids: [['100.1', '5']] } : { asks: [] };
    });
    expect(await warningsOf(tradesWith(100), odd)).toEqual([
      '1 snapshots have an empty side',
      '3 snapshots have the best bid above the best ask',
      '1 stretches of more than 5 s have no snapshot, 10 s in all',
    ]);
  });

  it('without a snapshot for more than 5 s is warned of, for 5 s not', async () => {
    const dark = book.filter(({ T }) => T !== NOON && T !== NOON + 60_000);
    expect(await warningsOf(tradesWith(100), dark)).toEqual([
      '2 stretches of more than 5 s have no snapshot, 20 s in all',
    ]);
  });
});

describe('prices more than 10 % away from the minute’s kline', () => {
  const klineOf = (high: string, low: string): RestKline => [
    NOON,
    low,
    high,
    low,
    high,
    '0',
    NOON + MINUTE_MS - 1,
    '0',
    0,
    '0',
    '0',
    '0',
  ];
  const far = "1 minutes have prices more than 10 % away from the exchange's kline";

  it.each([
    ['above', '91', '91', [far]],
    ['below', '112', '112', [far]],
    ['by 10 % and no more', '100.9', '100.1', []],
  ])('%s', async (_, high, low, expected) => {
    expect(await warningsOf(tradesWith(60), book, [klineOf(high, low)])).toEqual(expected);
  });

  const minuteOf = (minute: number, high: string, low: string): RestKline => {
    const [, ...rest] = klineOf(high, low);
    return [NOON + minute * MINUTE_MS, ...rest];
  };
  const at = (prices: string[]): Trade[] =>
    tradesWith(60 * prices.length, (_, index) => ({ price: prices[Math.floor(index / 60)] ?? '' }));

  it.each<[what: string, price: string, kline: string, expected: string[]]>([
    ['10 % above the high is not far', '11', '10', []],
    ['a little more is', '110.1', '100', [far]],
    ['10 % below the low is not far', '90', '100', []],
    ['a little more is', '89.9', '100', [far]],
  ])('%s: %s beside %s', async (_, price, kline, expected) => {
    expect(await warningsOf(at([price]), book, [minuteOf(0, kline, kline)])).toEqual(expected);
  });

  it('are counted by minute, each against its own kline, those without a trade left out', async () => {
    const klines = [
      minuteOf(-1, '1', '1'), // nothing was traded
      minuteOf(0, '100', '100'),
      minuteOf(1, '200', '200'),
      minuteOf(2, '300', '100'),
      minuteOf(3, '100', '100'),
    ];
    const trades = at(['100', '100', '200', '200']);
    expect(await warningsOf(trades, book, klines)).toEqual([far.replace('1 minutes', '2 minutes')]);
  });
});
