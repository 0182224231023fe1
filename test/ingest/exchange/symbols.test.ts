import { describe, expect, it } from '@jest/globals';
import { chooseSymbols } from '../../../ingest/exchange/symbols.ts';
import { TradeCheck } from '../../../ingest/exchange/trade-check.ts';
import { shardSymbols } from '../../../ingest/feed/shards.ts';
import { spreadMs } from '../../../ingest/spool/spread.ts';
import { UsageError } from '../../../shared/errors.ts';
import type { SymbolInfo } from '../../../shared/exchange/wire.ts';
import { fakeClock } from '../../shared/fake-clock.ts';

const info = (symbol: string, more: Partial<SymbolInfo> = {}): SymbolInfo => ({
  symbol,
  status: 'TRADING',
  contractType: 'PERPETUAL',
  quoteAsset: 'USDT',
  ...more,
});
const LISTED = [
  info('ETHUSDT'),
  info('BTCUSDT'),
  info('BTCUSDC', { quoteAsset: 'USDC' }),
  info('BTCUSDT_250627', { contractType: 'CURRENT_QUARTER' }),
  info('LUNAUSDT', { status: 'SETTLING' }),
  info('币安人生USDT'),
];

describe('which symbols are recorded', () => {
  it('are those asked for, when the exchange lists them', () => {
    expect(chooseSymbols({ symbols: ['BTCUSDT', 'LUNAUSDT'] }, LISTED)).toEqual(['BTCUSDT', 'LUNAUSDT']);
  });

  it('are all perpetuals that trade in a quote asset', () => {
    expect(chooseSymbols({ quoteAsset: 'USDT' }, LISTED)).toEqual(['BTCUSDT', 'ETHUSDT', '币安人生USDT']);
  });

  it('must exist, and a wrong one is told with the nearest', () => {
    const choose = () => chooseSymbols({ symbols: ['btcusdtt'] }, LISTED);
    expect(choose).toThrow(UsageError);
    expect(choose).toThrow(/btcusdtt.*nearest are BTCUSDT, BTCUSDC/);
    expect(() => chooseSymbols({ quoteAsset: 'EUR' }, LISTED)).toThrow(/all:EUR.*USDC, USDT/);
  });
});

describe('shards', () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `S${i}`);

  it('hold 200 symbols at most', () => {
    expect(shardSymbols(names(450)).map(({ length }) => length)).toEqual([200, 200, 50]);
  });

  it('leave symbols where they are when others come and go', () => {
    const before = shardSymbols(names(450));
    const after = shardSymbols(['NEW', ...names(450).filter((name) => name !== 'S7')], before);
    expect(after[0]).toEqual([...names(200).filter((name) => name !== 'S7'), 'NEW']);
    expect(after.slice(1)).toEqual(before.slice(1));
  });
});

describe('the check of quiet trade streams', () => {
  function check(newest: Record<string, number>[]) {
    const clock = fakeClock(0);
    let calls = 0;
    const rest = {
      symbols: () => Promise.reject(new Error('not asked')),
      lastTradeIds: async () => new Map(Object.entries(newest[Math.min(calls++, newest.length - 1)] ?? {})),
    };
    const trades = new TradeCheck(rest, clock, { everyMs: 15_000, patienceMs: 5_000 });
    return { trades, pass: (ms: number) => clock.sleep(ms), setWall: clock.setWall, calls: () => calls };
  }

  it('finds a stream that has not reached the exchange’s newest trade some seconds later', async () => {
    const { trades, pass } = check([{ A: 100, B: 50 }]);
    const quiet = [
      { symbol: 'A', lastId: 90 },
      { symbol: 'B', lastId: 50 },
    ];
    expect(await trades.dead(quiet)).toEqual([]);
    await pass(5_000);
    expect(await trades.dead(quiet)).toEqual(['A']);
  });

  it('finds it also when the wall clock was set back meanwhile', async () => {
    const { trades, pass, setWall } = check([{ A: 100 }]);
    await trades.dead([{ symbol: 'A', lastId: 90 }]);
    setWall(-3_600_000);
    await pass(5_000);
    expect(await trades.dead([{ symbol: 'A', lastId: 90 }])).toEqual(['A']);
  });

  it('lets a trade that was under way arrive', async () => {
    const { trades, pass } = check([{ A: 100 }]);
    await trades.dead([{ symbol: 'A', lastId: 90 }]);
    await pass(5_000);
    expect(await trades.dead([{ symbol: 'A', lastId: 100 }])).toEqual([]);
  });

  it('finds a stream that never delivered once the exchange’s newest trade moves', async () => {
    const { trades, pass } = check([{ A: 100 }, { A: 100 }, { A: 101 }]);
    const found: string[][] = [];
    for (let i = 0; i < 6; i++) {
      found.push(await trades.dead([{ symbol: 'A', lastId: undefined }]));
      await pass(15_000);
    }
    expect(found).toEqual([[], [], [], [], [], ['A']]);
  });

  it('asks for all symbols at once, and not too often', async () => {
    const { trades, pass, calls } = check([{ A: 1, B: 1 }]);
    for (let second = 0; second < 60; second++) {
      await trades.dead([
        { symbol: 'A', lastId: 1 },
        { symbol: 'B', lastId: 1 },
      ]);
      await pass(1_000);
    }
    expect(calls()).toBe(4);
  });

  it('asks nothing while no stream is quiet', async () => {
    const { trades, calls } = check([{}]);
    await trades.dead([]);
    expect(calls()).toBe(0);
  });
});

describe('the spread of uploads', () => {
  it('stays within 20 s, is the same for a symbol every time, and differs between symbols', () => {
    const delays = Array.from({ length: 500 }, (_, i) => spreadMs(`S${i}USDT`));
    expect(Math.max(...delays)).toBeLessThan(20_000);
    expect(spreadMs('S0USDT')).toBe(delays[0]);
    const seconds = new Set(delays.map((ms) => Math.floor(ms / 1_000)));
    expect(seconds.size).toBe(20);
  });
});
