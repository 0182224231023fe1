import { describe, expect, it } from '@jest/globals';
import { createReceiver } from '../../../ingest/feed/receiver.ts';
import { streamsOf } from '../../../ingest/frame/stream.ts';
import { createTally } from '../../../ingest/health/tally.ts';
import { ExchangeClock } from '../../../ingest/minutes/exchange-clock.ts';
import { FeedMinutes } from '../../../ingest/minutes/feed-minutes.ts';
import type { OddFrame } from '../../../ingest/odd/odd-frames.ts';
import { createLog } from '../../../shared/program/log.ts';

const NOON = Date.parse('2024-07-18T12:00:00Z');

function receiver() {
  const rows: string[] = [];
  const logged: { severity: string; message: string; text?: string }[] = [];
  const odd: OddFrame[] = [];
  const tally = createTally();
  const log = createLog('test', { write: (line) => void logged.push(JSON.parse(line)) });
  const sink = {
    open: () => ({ append: (line: Uint8Array) => rows.push(Buffer.from(line).toString()), close: () => {} }),
  };
  const minutes = new FeedMinutes(streamsOf(['BTCUSDT'], 'market'), 60_000, sink);
  const clock = new ExchangeClock(NOON);
  minutes.opened(clock);
  const receive = createReceiver(minutes, clock, {
    tally,
    log,
    onRow: () => {},
    onOdd: (frame) => odd.push(frame),
  });
  return {
    rows,
    logged,
    odd,
    minutes,
    tally,
    clock,
    take: (text: string | Buffer, isBinary = false) => receive(Buffer.from(text), isBinary, NOON, NOON),
  };
}

function trade(changes: object = {}, stream = 'btcusdt@aggTrade'): string {
  const data = { e: 'aggTrade', E: NOON, T: NOON, s: 'BTCUSDT', p: '1', q: '1', a: 1, f: 1, l: 1, m: true };
  return JSON.stringify({ stream, data: { ...data, ...changes } });
}

describe('a receiver', () => {
  it('adds rows and shows their event time to the clock', () => {
    const { rows, tally, clock, take } = receiver();
    take(trade());
    expect(rows).toHaveLength(1);
    expect(tally.rows).toEqual({ trades: 1, depth: 0 });
    expect(clock.nowMs).toBe(NOON);
  });

  it.each([
    ['text that is no frame', Buffer.from('<html>'), false],
    ['a binary frame', Buffer.from(trade()), true],
    ['a stream nobody asked for', Buffer.from(trade({ s: 'ETHUSDT' }, 'ethusdt@aggTrade')), false],
    ['the wrong symbol on a stream', Buffer.from(trade({ s: 'ETHUSDT' })), false],
  ])('counts and logs %s', (_, bytes, isBinary) => {
    const { rows, tally, logged, clock, take } = receiver();
    take(bytes, isBinary);
    expect({ rows, unreadable: tally.unreadable }).toEqual({ rows: [], unreadable: 1 });
    expect(logged).toMatchObject([{ severity: 'WARNING', text: bytes.toString() }]);
    expect(clock.nowMs).toBeUndefined();
  });

  it('cuts the text it logs at 1 kB', () => {
    const { logged, take } = receiver();
    take(`${'x'.repeat(1_023)}é and more`);
    expect(logged[0]?.text).toBe('x'.repeat(1_023));
  });

  it('sets a row aside whose times are more than an hour apart', () => {
    const { rows, tally, clock, take } = receiver();
    take(trade({ T: NOON - 3_600_001 }));
    take(trade({ E: NOON + 3_600_001 }));
    expect({ rows, setAside: tally.setAside, nowMs: clock.nowMs }).toEqual({
      rows: [],
      setAside: 2,
      nowMs: undefined,
    });
    take(trade({ T: NOON - 3_600_000 }));
    expect(rows).toHaveLength(1);
  });

  it.each([
    ['no text at all', Buffer.from('<html>'), undefined],
    ['another stream', Buffer.from(trade({ s: 'ETHUSDT' }, 'ethusdt@aggTrade')), undefined],
    ['the wrong symbol', Buffer.from(trade({ s: 'ETHUSDT' })), 'BTCUSDT'],
    ['times far apart', Buffer.from(trade({ T: NOON - 7_200_000 })), 'BTCUSDT'],
    ['a number of another form', Buffer.from(trade({ p: '1e5' })), 'BTCUSDT'],
    ['a torn end', Buffer.from(trade()).subarray(0, 80), 'BTCUSDT'],
    ['its name escaped', Buffer.from(trade({ p: 1 }).replace('btcusdt', '\\u0062tcusdt')), 'BTCUSDT'],
    ['its name behind the rest', Buffer.from(`{"data":{},"stream":"btcusdt@aggTrade"}`), 'BTCUSDT'],
    ['half a letter', Buffer.from([...Buffer.from(trade().slice(0, 60)), 0xc3]), 'BTCUSDT'],
    ['2 MB', Buffer.from(`{"stream":"btcusdt@aggTrade","x":"${'x'.repeat(2e6)}"}`), 'BTCUSDT'],
  ])('hands on a frame with %s whole, with its symbol where that is known', (_, bytes, symbol) => {
    const { odd, rows, take } = receiver();
    take(bytes);
    expect(rows).toEqual([]);
    expect(odd).toEqual([{ bytes, isBinary: false, reason: expect.any(String), symbol, receivedMs: NOON }]);
  });

  it('says nothing of a stream that was let go while its connection still carries it', () => {
    const { odd, rows, tally, minutes, take } = receiver();
    minutes.setStreams(streamsOf(['ETHUSDT'], 'market'));
    take(trade());
    expect({ odd, rows, unreadable: tally.unreadable }).toEqual({ odd: [], rows: [], unreadable: 0 });
  });

  it('counts every frame but does not log more than 1,000 a minute', () => {
    const { tally, logged, take } = receiver();
    for (let i = 0; i < 5_000; i++) take('?');
    expect(tally.unreadable).toBe(5_000);
    expect(logged).toHaveLength(1_000);
    expect(logged.at(-1)).toMatchObject({ severity: 'ERROR' });
  });
});
