import { describe, expect, it } from '@jest/globals';
import { Feeds } from '../../ingest/feed/feeds.ts';
import { Pace } from '../../ingest/pace.ts';
import { createTally } from '../../ingest/tally.ts';
import { createLog } from '../../shared/log.ts';
import { fakeClock } from '../shared/fake-clock.ts';

describe('the feeds', () => {
  function feeds() {
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
          listener.onOpen();
          return { pause: () => {}, resume: () => {}, terminate: () => {} };
        },
        onRow: () => {},
        onRefused: () => {},
      },
    );
    return { feeds, opened: () => opened.splice(0) };
  }

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

describe('the pace', () => {
  it('holds up a source that runs faster than time while too much waits, until half of it is done', () => {
    const pace = new Pace();
    expect(pace.isHeld(0, 100, 0, 0)).toBe(false);
    expect(pace.isHeld(101, 100, 3_600_000, 1_000)).toBe(true);
    expect(pace.isHeld(60, 100, 3_600_000, 2_000)).toBe(true);
    expect(pace.isHeld(50, 100, 3_600_000, 3_000)).toBe(false);
  });

  it('never holds up the live exchange', () => {
    const pace = new Pace();
    expect(pace.isHeld(0, 100, undefined, 0)).toBe(false);
    expect(pace.isHeld(0, 100, 0, 0)).toBe(false);
    for (let minute = 1; minute < 600; minute++) {
      expect(pace.isHeld(100_000, 100, minute * 60_000 + 2_000, minute * 60_000)).toBe(false);
    }
  });

  it('counts from the first time the exchange tells, and knows none before', () => {
    const pace = new Pace();
    expect(pace.isHeld(101, 100, undefined, 0)).toBe(false);
    expect(pace.isHeld(101, 100, 9_000_000, 1_000)).toBe(false);
    expect(pace.isHeld(101, 100, 9_200_000, 2_000)).toBe(true);
    expect(pace.isHeld(101, 100, undefined, 3_000)).toBe(false);
  });
});
