import { describe, expect, it } from '@jest/globals';
import { Feed } from '../../../ingest/feed/feed.ts';
import { type Stream, streamsOf } from '../../../ingest/frame/stream.ts';
import { createTally } from '../../../ingest/health/tally.ts';
import type { ConnectionEnd, ConnectionListener } from '../../../ingest/socket/connection.ts';
import { createLog } from '../../../shared/program/log.ts';

const NOON = Date.parse('2024-07-18T12:00:00Z');
const TICK_MS = 250;

type FakeConnection = {
  url: string;
  listener: ConnectionListener;
  isOpen: boolean;
  isEnded: boolean;
  isPaused: boolean;
};

/** A feed on a clock that only moves when told to, with connections that do nothing by themselves. */
function feedOf(streams: readonly Stream[] = streamsOf(['A', 'B'], 'public'), random = () => 0) {
  let nowMs = NOON;
  let wallAheadMs = 0;
  const logged: { message: string; waitMs?: number }[] = [];
  const closed: number[] = [];
  const received: string[] = [];
  const connections: FakeConnection[] = [];
  const tally = createTally();
  const refusals: string[] = [];
  const feed = new Feed(
    'public',
    streams,
    { wsUrl: 'ws://x', slotMs: 60_000, staleAfterMs: 10_000, connectionMaxMs: 100_000 },
    {
      clock: {
        now: () => nowMs + wallAheadMs,
        monotonicMs: () => nowMs - NOON,
        sleep: () => Promise.reject(new Error('a feed does not sleep')),
      },
      random,
      log: createLog('test', { write: (line) => void logged.push(JSON.parse(line)) }),
      tally,
      sink: {
        open: () => ({
          append: (line) => received.push(Buffer.from(line).toString().trim().split(',').at(-1) ?? ''),
          close: (endMs) => closed.push(endMs),
        }),
      },
      connect(url, listener) {
        const connection = { url, listener, isOpen: false, isEnded: false, isPaused: false };
        connections.push(connection);
        return {
          pause: () => {
            connection.isPaused = true;
          },
          resume: () => {
            connection.isPaused = false;
          },
          terminate: (detail) => end(connection, { reason: 'closed', detail }),
        };
      },
      onRow: () => {},
      onOdd: () => {},
      onRefused: (detail) => refusals.push(detail),
    },
  );
  function end(connection: FakeConnection, how: ConnectionEnd = { reason: 'closed', detail: '1006' }): void {
    if (connection.isEnded) return;
    connection.isEnded = true;
    connection.listener.onEnd(how);
  }
  /** Frames of `alive` symbols come on every open connection that `speaks`, while `seconds` pass. */
  function pass(
    seconds: number,
    alive = ['A', 'B'],
    speaks = (_: FakeConnection) => true,
    tickMs = TICK_MS,
  ): void {
    for (let ms = 0; ms < seconds * 1_000; ms += tickMs) {
      nowMs += tickMs;
      for (const connection of connections.filter((one) => one.isOpen && !one.isEnded && speaks(one))) {
        for (const symbol of alive) connection.listener.onFrame(frame(symbol, nowMs), false);
      }
      feed.tick(2 * TICK_MS);
    }
  }
  const at = (i: number): FakeConnection => {
    const connection = connections.at(i);
    if (!connection) throw new Error('no such connection');
    return connection;
  };
  function open(i: number): void {
    at(i).isOpen = true;
    at(i).listener.onOpen();
  }
  /** Somebody sets the machine's clock; time passes as ever. */
  const setWall = (aheadMs: number): void => {
    wallAheadMs = aheadMs;
  };
  return { feed, connections, tally, refusals, logged, closed, received, pass, setWall, end, at, open };
}

function frame(symbol: string, timeMs: number): Buffer {
  const [E, T, s] = [timeMs, timeMs, symbol];
  const data = { e: 'depthUpdate', E, T, s, u: timeMs, b: [], a: [] };
  return Buffer.from(JSON.stringify({ stream: `${symbol.toLowerCase()}@depth20@100ms`, data }));
}

describe('a feed', () => {
  it('opens one connection with all its streams', () => {
    const { connections, pass, at, open } = feedOf();
    pass(1);
    open(0);
    pass(30);
    expect(connections).toHaveLength(1);
    expect(at(0).url).toBe('ws://x/public/stream?streams=a@depth20@100ms/b@depth20@100ms');
  });

  it('waits 1 to 32 s between tries that bring no data, and starts anew after data', () => {
    const { connections, pass, end, open } = feedOf(undefined, () => 1);
    const waits: number[] = [];
    pass(1);
    for (let i = 0; i < 7; i++) {
      end(connections[i] as FakeConnection);
      let seconds = 0;
      for (; connections.length === i + 1; seconds += 0.25) pass(0.25, []);
      waits.push(seconds);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 32]);
    open(-1);
    pass(1);
    end(connections.at(-1) as FakeConnection);
    pass(0.75, []);
    expect(connections).toHaveLength(8);
    pass(0.25, []);
    expect(connections).toHaveLength(9);
  });

  it('stays away as long as a refusal asks', () => {
    const { connections, pass, end, at } = feedOf();
    pass(1);
    end(at(0), { reason: 'refused', detail: 'HTTP 429', status: 429, headers: { 'retry-after': '90' } });
    pass(89.75, []);
    expect(connections).toHaveLength(1);
    pass(0.5, []);
    expect(connections).toHaveLength(2);
  });

  it.each(['259201', '999999999', '9'.repeat(400)])(
    'stays away for three days where a refusal asks for %s s, and says so every hour',
    (retryAfter) => {
      const { connections, pass, end, at, logged } = feedOf();
      pass(1);
      const headers = { 'retry-after': retryAfter };
      end(at(0), { reason: 'refused', detail: 'HTTP 418', status: 418, headers });
      const minutes = (count: number): void => pass(count * 60, [], () => false, 60_000);
      logged.splice(0);
      minutes(60);
      expect(logged).toMatchObject([{ severity: 'WARNING', waitMs: 71 * 3_600_000 }]);
      minutes(71 * 60 - 1);
      expect(logged).toHaveLength(71);
      expect(connections).toHaveLength(1);
      minutes(1);
      expect(connections).toHaveLength(2);
    },
  );

  it('opens again after its wait though the wall clock was set back meanwhile', () => {
    const { connections, pass, end, at, setWall } = feedOf();
    pass(1);
    end(at(0));
    setWall(-3_600_000);
    pass(1, []);
    expect(connections).toHaveLength(2);
  });

  it('closes minutes by the time that passes, and stamps rows by the wall clock, whoever sets it', () => {
    const { pass, open, setWall, closed, received } = feedOf();
    pass(1);
    open(0);
    pass(50);
    expect(received.at(-1)).toBe(String(NOON + 51_000));
    setWall(-3_600_000);
    pass(9, []);
    expect(closed).toEqual([]);
    pass(3, []);
    expect(closed).toEqual([NOON + 60_000, NOON + 60_000]);
    pass(0.25);
    expect(received.at(-1)).toBe(String(NOON + 63_250 - 3_600_000));
  });

  it('is not shaken by a wall clock that is set ahead', () => {
    const { feed, connections, pass, open, setWall } = feedOf();
    pass(1);
    open(0);
    pass(2);
    setWall(86_400_000);
    pass(5, ['A']);
    expect(connections).toHaveLength(1);
    expect(feed.silentMs('depth')).toBe(TICK_MS);
    expect(feed.staleStreams).toEqual([]);
  });

  it('says when its region is refused', () => {
    const { refusals, pass, end, at } = feedOf();
    pass(1);
    end(at(0), { reason: 'refused', detail: 'HTTP 451', status: 451 });
    expect(refusals).toEqual(['HTTP 451']);
  });

  it('replaces an old connection before its end, and closes it only when the new one delivers', () => {
    const { connections, tally, pass, at, open } = feedOf();
    pass(1);
    open(0);
    pass(101);
    expect(connections).toHaveLength(2);
    open(1);
    pass(3, ['A', 'B'], (connection) => connection === connections[0]);
    expect(at(0).isEnded).toBe(false);
    pass(0.75);
    expect(at(0).isEnded).toBe(false);
    pass(1);
    expect(at(0).isEnded).toBe(true);
    pass(50);
    expect(connections).toHaveLength(2);
    expect(tally.reconnects).toMatchObject({ age: 1, closed: 0, silent: 0 });
  });

  it.each([
    [0, 100],
    [0.5, 97.5],
    [1, 95],
  ])('replaces it by chance %f at the age of %f s of 100, never later', (chance, seconds) => {
    const { connections, pass, open } = feedOf(undefined, () => chance);
    pass(0.25);
    open(0);
    pass(seconds - 0.25);
    expect(connections).toHaveLength(1);
    pass(0.25);
    expect(connections).toHaveLength(2);
  });

  it('lets both deliver for a second, to the tick', () => {
    const { connections, pass, at, open } = feedOf();
    pass(0.25);
    open(0);
    pass(100);
    open(1);
    pass(5, undefined, (connection) => connection === connections[0]);
    pass(0.75);
    expect([at(0).isEnded, at(1).isEnded]).toEqual([false, false]);
    pass(0.25);
    expect([at(0).isEnded, at(1).isEnded]).toEqual([true, false]);
  });

  it('keeps the old connection when the new one fails, and tries again', () => {
    const { connections, pass, at, open, end } = feedOf();
    pass(1);
    open(0);
    pass(101);
    end(at(1));
    pass(2);
    expect(at(0).isEnded).toBe(false);
    expect(connections).toHaveLength(3);
    open(2);
    pass(3);
    expect(at(0).isEnded).toBe(true);
  });

  it('gives up a replacement that stays silent while the old one speaks', () => {
    const { connections, pass, at, open } = feedOf();
    pass(1);
    open(0);
    pass(101);
    open(1);
    pass(11, ['A', 'B'], (connection) => connection === connections[0]);
    expect(at(1).isEnded).toBe(true);
    expect(at(0).isEnded).toBe(false);
  });

  it('does not wait for ever where the old one and the new one are both silent', () => {
    const { connections, pass, open } = feedOf();
    pass(1);
    open(0);
    pass(5);
    for (let second = 0; second < 60; second++) {
      const before = connections.length;
      pass(1, []);
      if (connections.length > before) open(-1);
    }
    expect(connections.length).toBeGreaterThan(2);
    expect(connections.filter(({ isEnded }) => !isEnded).length).toBeLessThanOrEqual(2);
  });

  it('replaces a connection on which one book is silent, names it, and does so less and less often', () => {
    const { feed, connections, pass, open } = feedOf();
    pass(1);
    open(0);
    pass(5);
    const opened: number[] = [];
    for (let second = 0; second < 120; second++) {
      const before = connections.length;
      pass(1, ['A']);
      if (connections.length > before) {
        opened.push(second);
        open(-1);
      }
    }
    expect(feed.staleStreams).toEqual(['b@depth20@100ms']);
    expect(opened).toHaveLength(4);
    const gaps = opened.slice(1).map((second, i) => second - (opened[i] ?? 0));
    expect(gaps[1]).toBeGreaterThan(1.5 * (gaps[0] ?? 0));
    expect(gaps[2]).toBeGreaterThan(1.5 * (gaps[1] ?? 0));
    pass(2);
    expect(feed.staleStreams).toEqual([]);
  });

  it('does not take a quiet trade stream for a dead one before the exchange says so', () => {
    const { feed, connections, pass, open } = feedOf([
      ...streamsOf(['A'], 'public'),
      ...streamsOf(['A'], 'market'),
    ]);
    pass(1);
    open(0);
    pass(60, ['A']);
    expect(feed.quietTrades.map(({ name }) => name)).toEqual(['a@aggTrade']);
    expect(feed.staleStreams).toEqual([]);
    expect(connections).toHaveLength(1);
    feed.missed('a@aggTrade');
    pass(1, ['A']);
    expect(feed.staleStreams).toEqual(['a@aggTrade']);
    expect(connections).toHaveLength(2);
  });

  it('does not take its own pause for silence', () => {
    const { feed, connections, pass, open } = feedOf();
    pass(1);
    open(0);
    pass(2);
    feed.hold(true);
    expect(connections[0]?.isPaused).toBe(true);
    pass(60, []);
    feed.hold(false);
    pass(1, []);
    expect(connections).toHaveLength(1);
    expect(connections[0]?.isPaused).toBe(false);
  });

  it('takes over other streams with a new connection', () => {
    const { feed, connections, pass, at, open } = feedOf();
    pass(1);
    open(0);
    pass(2);
    feed.setStreams(streamsOf(['B', 'C'], 'public'));
    pass(1);
    expect(connections).toHaveLength(2);
    expect(at(1).url).toBe('ws://x/public/stream?streams=b@depth20@100ms/c@depth20@100ms');
    open(1);
    pass(2, ['B', 'C']);
    expect(at(0).isEnded).toBe(true);
  });

  it('has no connection while it has no streams', () => {
    const { feed, connections, pass, at, open } = feedOf();
    pass(1);
    open(0);
    pass(2);
    feed.setStreams([]);
    pass(60, []);
    expect(at(0).isEnded).toBe(true);
    expect(connections).toHaveLength(1);
    feed.setStreams(streamsOf(['C'], 'public'));
    pass(1, []);
    expect(connections).toHaveLength(2);
  });

  it('ends everything when it is stopped', () => {
    const { feed, connections, pass, at } = feedOf();
    pass(1);
    feed.stop();
    expect(at(0).isEnded).toBe(true);
    pass(60, []);
    expect(connections).toHaveLength(1);
  });
});
