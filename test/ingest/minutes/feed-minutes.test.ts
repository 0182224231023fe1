import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Stream, streamsOf } from '../../../ingest/frame/stream.ts';
import { ExchangeClock } from '../../../ingest/minutes/exchange-clock.ts';
import { FeedMinutes } from '../../../ingest/minutes/feed-minutes.ts';
import type { MinuteSink } from '../../../ingest/minutes/stream-minutes.ts';
import { minuteText } from '../../../shared/time.ts';

const NOON = Date.parse('2024-07-18T12:00:00Z');
const LOCAL = NOON - 1_500;
const MINUTE = 60_000;

/** Streams of two symbols over connections that a test opens; events are told in seconds after noon. */
function feed(symbols = ['A', 'B'], slotMs = MINUTE) {
  const closed: { stream: Stream; startMs: number; n: number; rows: string[] }[] = [];
  const sink: MinuteSink = {
    open(stream, startMs, n) {
      const rows: string[] = [];
      return {
        append: (line) => rows.push(Buffer.from(line).toString()),
        close: (endMs) => {
          expect(endMs).toBe(startMs + slotMs);
          closed.push({ stream, startMs, n, rows });
        },
      };
    },
  };
  const minutes = new FeedMinutes(streamsOf(symbols, 'market'), slotMs, sink);
  return {
    minutes,
    closed,
    connect(openedS = 0) {
      const clock = new ExchangeClock(LOCAL + openedS * 1_000);
      minutes.opened(clock);
      return {
        end: () => minutes.ended(clock),
        event(symbol: string, timeS: number, eventS = timeS) {
          const eventMs = NOON + eventS * 1_000;
          // Local time passes too, or a leap would have to be believed first.
          if (eventMs - (clock.nowMs ?? eventMs) > 30_000) clock.tick(eventMs - 1_500, 10 * MINUTE);
          clock.saw(eventMs, eventMs - 1_500);
          minutes.add({
            stream: `${symbol.toLowerCase()}@aggTrade`,
            symbol,
            kind: 'trades',
            timeMs: NOON + timeS * 1_000,
            eventMs,
            id: 0,
            lastId: 0,
            line: Buffer.from(`${symbol}${timeS}\n`),
          });
        },
      };
    },
    tickTo(seconds: number) {
      minutes.tick(LOCAL + seconds * 1_000, 10 * MINUTE);
    },
    /** `A 12-00 n0: A1 A2` */
    told: () =>
      closed.map(({ stream, startMs, n, rows }) => {
        const minute = minuteText(((startMs - NOON) / MINUTE + 720) % 1440);
        return `${stream.symbol} ${minute} n${n}: ${rows.join('').trim().replaceAll('\n', ' ')}`.trim();
      }),
  };
}

describe('the minutes of a feed', () => {
  it('close 3 s after their end by the exchange’s time', () => {
    const { connect, told } = feed(['A']);
    const { event } = connect(1);
    event('A', 1);
    event('A', 59.9);
    event('A', 62.9);
    expect(told()).toEqual([]);
    event('A', 63);
    expect(told()).toEqual(['A 12-00 n0: A1 A59.9']);
  });

  it('take a row by T, though it was sent in the next minute', () => {
    const { connect, told } = feed(['A']);
    const { event } = connect(1);
    event('A', 59.999, 60.1);
    event('A', 60.05);
    event('A', 63);
    expect(told()).toEqual(['A 12-00 n0: A59.999']);
  });

  it('close when local time has carried the clock on', () => {
    const { connect, told, tickTo } = feed(['A']);
    connect(1).event('A', 59);
    tickTo(62.9);
    expect(told()).toEqual([]);
    tickTo(63);
    expect(told()).toEqual(['A 12-00 n0: A59']);
  });

  it('reopen for late rows as the next n, and wait for more of them', () => {
    const { connect, told } = feed(['A']);
    const { event } = connect(1);
    event('A', 1);
    event('A', 70);
    event('A', 2, 70);
    event('A', 3, 72);
    event('A', 72.9);
    expect(told()).toEqual(['A 12-00 n0: A1']);
    event('A', 125);
    expect(told()).toEqual(['A 12-00 n0: A1', 'A 12-01 n0: A70 A72.9', 'A 12-00 n1: A2 A3']);
    event('A', 4, 126);
    event('A', 190);
    expect(told().slice(3)).toEqual(['A 12-02 n0: A125', 'A 12-00 n2: A4']);
  });

  it('are stored without rows where the stream was listened to throughout and nothing came', () => {
    const { connect, told } = feed();
    const { event } = connect(0);
    event('A', 0.5);
    event('A', 61);
    event('A', 124);
    expect(told()).toEqual(['A 12-00 n0: A0.5', 'A 12-01 n0: A61', 'B 12-00 n0:', 'B 12-01 n0:']);
  });

  it('are not stored without rows where nobody listened throughout', () => {
    const { connect, told, tickTo } = feed();
    const first = connect(0.1);
    first.event('A', 0.5);
    first.event('A', 70);
    first.end();
    tickTo(130);
    const second = connect(130);
    second.event('A', 131);
    second.event('A', 250);
    expect(told()).toEqual([
      'A 12-00 n0: A0.5',
      'A 12-01 n0: A70',
      'A 12-02 n0: A131',
      'A 12-03 n0:',
      'B 12-03 n0:',
    ]);
  });

  it('are not claimed as silent before something later has come over the connection', () => {
    const { connect, told, tickTo } = feed();
    const { event, end } = connect(0);
    event('A', 0);
    tickTo(200);
    expect(told()).toEqual(['A 12-00 n0: A0']);
    end();
    tickTo(300);
    expect(told()).toEqual(['A 12-00 n0: A0']);
  });

  it('count as listened to over a connection that took over in time', () => {
    const { connect, told } = feed();
    const first = connect(0);
    first.event('A', 1);
    const second = connect(20);
    second.event('A', 30);
    first.event('A', 31);
    first.end();
    second.event('A', 64);
    expect(told()).toEqual(['A 12-00 n0: A1 A30 A31', 'B 12-00 n0:']);
  });

  it('wait for the slower of two connections, unless it has ended', () => {
    const { connect, told } = feed(['A']);
    const slow = connect(1);
    const fast = connect(1);
    slow.event('A', 1);
    fast.event('A', 70);
    expect(told()).toEqual([]);
    slow.event('A', 2);
    slow.end();
    fast.event('A', 71);
    expect(told()).toEqual(['A 12-00 n0: A1 A2']);
  });

  it('go on by the ended connection’s clock until the next one knows the time', () => {
    const { connect, told, tickTo } = feed(['A']);
    const { event, end } = connect(1);
    event('A', 50);
    end();
    for (let i = 0; i < 6; i++) connect(51 + i).end();
    tickTo(63);
    expect(told()).toEqual(['A 12-00 n0: A50']);
  });

  it('are all closed at the end', () => {
    const { connect, told, minutes } = feed();
    const { event } = connect(1);
    event('A', 59);
    event('B', 61);
    expect(minutes.openCount).toBe(2);
    minutes.closeAll();
    expect(minutes.openCount).toBe(0);
    expect(told()).toEqual(['A 12-00 n0: A59', 'B 12-01 n0: B61']);
  });

  it('of a stream that turned out to be dead are not claimed as silent until it delivers again', () => {
    const { connect, told, minutes } = feed();
    const { event } = connect(0);
    event('A', 0);
    minutes.distrust('b@aggTrade');
    event('A', 70);
    event('B', 100);
    event('A', 124);
    event('A', 190);
    expect(told().filter((line) => line.startsWith('B'))).toEqual(['B 12-01 n0: B100', 'B 12-02 n0:']);
  });

  it('of a stream that is not listened to any more end with what is open', () => {
    const { connect, told, minutes } = feed();
    const { event } = connect(0);
    event('B', 1);
    event('A', 2);
    minutes.setStreams(streamsOf(['A', 'C'], 'market'));
    event('A', 64);
    event('A', 130);
    expect(told()).toEqual(['A 12-00 n0: A2', 'B 12-00 n0: B1', 'A 12-01 n0: A64']);
    event('C', 131);
    event('A', 190);
    event('A', 250);
    expect(told().slice(3)).toEqual([
      'A 12-02 n0: A130',
      'C 12-02 n0: C131',
      'A 12-03 n0: A190',
      'C 12-03 n0:',
    ]);
  });

  it('may be slots of several minutes', () => {
    const { connect, told } = feed(['A'], 5 * MINUTE);
    const { event } = connect(1);
    event('A', 1);
    event('A', 299);
    event('A', 303);
    expect(told()).toEqual(['A 12-00 n0: A1 A299']);
  });

  it('hold every row once, in a slot of its time, under names that are never used twice', () => {
    const events = fc.array(
      fc.record({
        symbol: fc.constantFrom('A', 'B'),
        aheadS: fc.integer({ min: 0, max: 40 }),
        lateS: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 })),
      }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(events, (events) => {
        const { connect, closed, minutes } = feed();
        const { event } = connect(1);
        let nowS = 1;
        const sent: string[] = [];
        for (const { symbol, aheadS, lateS } of events) {
          nowS += aheadS;
          event(symbol, nowS - lateS, nowS);
          sent.push(`${symbol}${nowS - lateS}\n`);
        }
        minutes.closeAll();
        expect(closed.flatMap(({ rows }) => rows).sort()).toEqual(sent.sort());
        const names = closed.map(({ stream, startMs, n }) => `${stream.name} ${startMs} ${n}`);
        expect(new Set(names).size).toBe(names.length);
        for (const { startMs, rows } of closed) {
          for (const row of rows) {
            const timeMs = NOON + Number(row.slice(1)) * 1_000;
            expect(timeMs - startMs).toBeGreaterThanOrEqual(0);
            expect(timeMs - startMs).toBeLessThan(MINUTE);
          }
        }
      }),
    );
  });
});
