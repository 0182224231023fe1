import { describe, expect, it } from '@jest/globals';
import { Feeds } from '../../../ingest/feed/feeds.ts';
import { createTally } from '../../../ingest/health/tally.ts';
import { Pace } from '../../../ingest/pace.ts';
import { createLog } from '../../../shared/program/log.ts';
import { systemClock } from '../../../shared/time.ts';
import { fakeClock } from '../../shared/fake-clock.ts';

/** Connections open at once, but for those whose address holds what `refuses` finds. */
function feeds(refuses = /^$/) {
  const opened: string[] = [];
  const clock = fakeClock(0);
  const feeds = new Feeds(
    { wsUrl: 'ws://x', slotMs: 60_000, staleAfterMs: 10_000, connectionMaxMs: 1e9 },
    {
      clock,
      random: () => 0,
      log: createLog('test', { write: () => {} }),
      tally: createTally(),
      sink: { open: () => ({ append: () => {}, close: () => {} }) },
      connect(url, listener) {
        opened.push(url);
        if (!refuses.test(url)) listener.onOpen();
        else queueMicrotask(() => listener.onEnd({ reason: 'refused', detail: 'HTTP 400', status: 400 }));
        return { pause: () => {}, resume: () => {}, terminate: () => {} };
      },
      onRow: () => {},
      onOdd: () => {},
      onRefused: () => {},
    },
  );
  /** Lets everything that is due happen. */
  const settle = async (): Promise<void> => {
    for (let tick = 0; tick < 20; tick++) {
      await clock.sleep(250);
      feeds.tick(500);
    }
  };
  return { feeds, opened: () => opened.splice(0), settle };
}

describe('the feeds', () => {
  it('put every symbol on both routes', () => {
    const { feeds: all, opened } = feeds();
    all.setSymbols(['BTCUSDT', '币安人生USDT']);
    all.tick(0);
    expect(opened()).toEqual([
      'ws://x/market/stream?streams=btcusdt@aggTrade/%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9Fusdt@aggTrade',
      'ws://x/public/stream?streams=btcusdt@depth20@100ms/%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9Fusdt@depth20@100ms',
    ]);
    expect(all.disconnected).toBe(0);
  });

  it('open at most 200 streams on a connection, and leave the others alone when a symbol is added', () => {
    const { feeds: all, opened } = feeds();
    const symbols = Array.from({ length: 250 }, (_, i) => `S${i}USDT`);
    all.setSymbols(symbols);
    all.tick(0);
    expect(opened().map((url) => url.split('/').length - 5)).toEqual([200, 200, 50, 50].map((n) => n - 1));
    all.setSymbols([...symbols, 'NEWUSDT']);
    all.tick(0);
    const replaced = opened();
    expect(replaced).toHaveLength(2);
    for (const url of replaced) expect(url).toContain('newusdt@');
    expect(all.symbols).toHaveLength(251);
  });
});

describe('feeds of which the exchange refuses some streams', () => {
  const SYMBOLS = Array.from({ length: 200 }, (_, i) => `S${i}USDT`);
  const named = (urls: string[]): string[] => urls.flatMap((url) => url.match(/s\w+usdt@aggTrade/g) ?? []);

  it('carry all others, over a few connections, and keep these when a symbol comes and one goes', async () => {
    const { feeds: all, opened, settle } = feeds(/s(77|78|150)usdt/);
    all.setSymbols(SYMBOLS);
    await settle();
    expect(all.staleStreams.filter((name) => name.endsWith('@aggTrade'))).toEqual(
      expect.arrayContaining(['s77usdt@aggTrade', 's78usdt@aggTrade', 's150usdt@aggTrade']),
    );
    expect(all.staleStreams).toHaveLength(6);
    expect(all.disconnected).toBe(6);
    expect(opened().length).toBeLessThan(120);
    all.setSymbols([...SYMBOLS.slice(0, -1), 'NEWUSDT']);
    await settle();
    const replaced = opened().filter((url) => !/s(77|78|150)usdt/.test(url) && url.includes('aggTrade'));
    expect(replaced).toHaveLength(2); // the one of which it went, and the one to which it came
    expect(replaced.filter((url) => url.includes('newusdt@'))).toHaveLength(1);
    expect(named(replaced)).not.toContain('s199usdt@aggTrade');
  });

  it('carry what they carried when only a new symbol is refused', async () => {
    const { feeds: all, opened, settle } = feeds(/newusdt/);
    all.setSymbols(SYMBOLS.slice(0, 10));
    await settle();
    expect(opened()).toHaveLength(2);
    all.setSymbols([...SYMBOLS.slice(0, 10), 'NEWUSDT']);
    await settle();
    expect(all.staleStreams.sort()).toEqual(['newusdt@aggTrade', 'newusdt@depth20@100ms']);
    expect(opened().filter((url) => !url.includes('newusdt'))).toEqual([]);
    expect(all.disconnected).toBe(2);
  });

  it('are not split without end where the exchange refuses whatever is asked', async () => {
    const { feeds: all, settle } = feeds(/./);
    all.setSymbols(SYMBOLS);
    await settle();
    expect(all.disconnected).toBe(2 * 16);
  });

  it('counts from the first time the exchange tells, and knows none before', () => {
    let nowMs = 0;
    const pace = new Pace({ ...systemClock, monotonicMs: () => nowMs });
    const isHeldAt = (atMs: number, exchangeMs: number | undefined): boolean => {
      nowMs = atMs;
      return pace.isHeld(101, 100, exchangeMs);
    };
    expect(isHeldAt(0, undefined)).toBe(false);
    expect(isHeldAt(1_000, 9_000_000)).toBe(false);
    expect(isHeldAt(2_000, 9_200_000)).toBe(true);
    expect(isHeldAt(3_000, undefined)).toBe(false);
  });
});

describe('the pace', () => {
  it('holds up a source that runs faster than time while too much waits, until half of it is done', () => {
    const pace = new Pace(fakeClock());
    expect(pace.isHeld(0, 100, 0)).toBe(false);
    expect(pace.isHeld(101, 100, 3_600_000)).toBe(true);
    expect(pace.isHeld(60, 100, 3_600_000)).toBe(true);
    expect(pace.isHeld(50, 100, 3_600_000)).toBe(false);
  });

  it('lets a source that runs faster than time go on while little waits', () => {
    const pace = new Pace(fakeClock());
    expect(pace.isHeld(0, 100, 0)).toBe(false);
    expect(pace.isHeld(100, 100, 3_600_000)).toBe(false);
    expect(pace.isHeld(101, 100, 120_000)).toBe(false);
    expect(pace.isHeld(101, 100, 120_001)).toBe(true);
  });

  it.each([0, -3_600_000, 3_600_000])(
    'never holds up the live exchange, also when the wall clock is set %i ms ahead',
    async (aheadMs) => {
      const clock = fakeClock();
      const pace = new Pace(clock);
      expect(pace.isHeld(100_000, 100, undefined)).toBe(false);
      expect(pace.isHeld(100_000, 100, 0)).toBe(false);
      clock.setWall(aheadMs);
      for (let minute = 1; minute < 600; minute++) {
        await clock.sleep(60_000);
        expect(pace.isHeld(100_000, 100, minute * 60_000 + 2_000)).toBe(false);
      }
    },
  );
});
