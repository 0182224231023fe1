import { afterEach, describe, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../shared/time.ts';
import { type Exchange, startExchange } from '../../simulator/exchange.ts';
import { createMarket } from '../../simulator/market/market.ts';
import type { Frame, Source } from '../../simulator/source/source.ts';
import { fakeClock } from '../shared/fake-clock.ts';
import { type Client, connect, sourceOf, textsOf } from './client.ts';

const MIDNIGHT = Date.parse('2024-07-19T00:00:00Z');
const STREAMS = ['btcusdt@depth20@100ms', 'btcusdt@aggTrade'] as const;
const [DEPTH, TRADES] = STREAMS;

const market = createMarket({
  seed: 5,
  symbols: ['BTCUSDT'],
  startMs: MIDNIGHT - MINUTE_MS,
  endMs: MIDNIGHT + MINUTE_MS,
  depthEveryMs: 100,
  tradesPerSecond: 20,
});

let exchange: Exchange | undefined;
afterEach(() => exchange?.close());

/** Reads a few frames at a time, with turns of the event loop in between, as a busy recorder would. */
function readSlowly({ socket }: Client): void {
  let read = 0;
  socket.on('message', () => {
    if (++read % 20 !== 0) return;
    socket.pause();
    turns(10).then(() => socket.resume());
  });
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
}

/** Largest lead, in simulated ms, of what one client has read over what the other has yet to read. */
function watchLead(ahead: Client, behind: Client, source: Source): { mostMs: number } {
  const lead = { mostMs: 0 };
  const due = [...source.frames()].filter(({ stream }) => stream === TRADES).map(({ atMs }) => atMs);
  ahead.socket.on('message', (data) => {
    const nextMs = due[behind.frames.length] ?? Number.POSITIVE_INFINITY;
    const eventMs = JSON.parse(data.toString()).data?.E ?? 0; // acknowledgements have no time
    lead.mostMs = Math.max(lead.mostMs, eventMs - nextMs);
  });
  return lead;
}

describe('as fast as the reader takes it', () => {
  it('keeps a fast socket within a second of a slow one, and drops nothing', async () => {
    exchange = await startExchange({ source: market, speed: 'max', waitStreams: 2 });
    const behind = await connect(`${exchange.wsUrl}/market/stream`);
    const ahead = await connect(`${exchange.wsUrl}/public/stream`);
    readSlowly(behind);
    const lead = watchLead(ahead, behind, market);
    await behind.ask({ method: 'SUBSCRIBE', params: [TRADES], id: 1 });
    await ahead.ask({ method: 'SUBSCRIBE', params: [DEPTH], id: 1 });
    await exchange.ended;
    expect(lead.mostMs).toBeGreaterThan(300); // it was really ahead
    expect(lead.mostMs).toBeLessThan(1_000);
    expect(behind.frames).toEqual(textsOf(market, TRADES));
    expect(ahead.frames).toEqual(textsOf(market, DEPTH));
  });

  it('does not run ahead over a time without frames', async () => {
    const frames: Frame[] = [0, 60_000, 120_000].flatMap((atMs) =>
      STREAMS.map((stream) => frame(stream, atMs)),
    );
    const source = sourceOf(STREAMS, () => frames);
    exchange = await startExchange({ source, speed: 'max' });
    const behind = await connect(`${exchange.wsUrl}/market/stream?streams=${TRADES}`, { autoPong: false });
    const heldPongs: (() => void)[] = [];
    const hold = (payload: Buffer): void => void heldPongs.push(() => behind.socket.pong(payload));
    behind.socket.on('ping', hold);
    const ahead = await connect(`${exchange.wsUrl}/public/stream?streams=${DEPTH}`);
    while (heldPongs.length === 0) await turns(1);
    await turns(50);
    expect(ahead.frames).toEqual([frame(DEPTH, 0).text]);
    behind.socket.off('ping', hold).on('ping', (payload) => behind.socket.pong(payload));
    for (const pong of heldPongs) pong();
    await exchange.ended;
    expect(ahead.frames).toEqual(textsOf(source, DEPTH));
    expect(behind.frames).toEqual(textsOf(source, TRADES));
  });

  it('waits for a reader that stands still, with a bounded number of frames under way', async () => {
    const burst = 50_000;
    let made = 0;
    function* frames(): Generator<Frame> {
      for (made = 0; made < burst; made++) yield frame(TRADES, made % 100, 'x'.repeat(1_000));
    }
    exchange = await startExchange({ source: sourceOf([TRADES], frames), speed: 'max' });
    const client = await connect(`${exchange.wsUrl}/market/stream`);
    await client.ask({ method: 'SUBSCRIBE', params: [TRADES], id: 1 });
    client.socket.pause();
    while (made < 4_000) await turns(1);
    await turns(100);
    expect(made).toBeLessThan(burst / 2);
    client.socket.resume();
    await exchange.ended;
    expect(client.frames).toHaveLength(burst);
  });

  it('goes on without a reader that has gone', async () => {
    exchange = await startExchange({ source: market, speed: 'max' });
    const leaving = await connect(`${exchange.wsUrl}/market/stream?streams=${TRADES}`);
    leaving.socket.once('message', () => leaving.socket.terminate());
    const staying = await connect(`${exchange.wsUrl}/public/stream?streams=${DEPTH}`);
    await exchange.ended;
    expect(staying.frames).toEqual(textsOf(market, DEPTH));
  });

  it('has the clock of the exchange at the last frame sent', async () => {
    exchange = await startExchange({ source: market, speed: 'max', waitStreams: 0 });
    expect(exchange.now()).toBe(market.startMs);
    const { lastMs } = await exchange.ended;
    expect(exchange.now()).toBe(lastMs);
    expect(lastMs).toBe([...market.frames()].at(-1)?.atMs);
    exchange.setClock(MIDNIGHT + 10 * MINUTE_MS);
    expect(exchange.now()).toBe(MIDNIGHT + 10 * MINUTE_MS);
  });

  it('stops where it is when closed', async () => {
    exchange = await startExchange({ source: market, speed: 'max' });
    const client = await connect(`${exchange.wsUrl}/market/stream?streams=${TRADES}`);
    await exchange.close();
    expect(await exchange.ended).toMatchObject({ isComplete: false });
    expect(client.frames.length).toBe(0);
  });
});

describe('at a speed', () => {
  it.each([1, 10])('of %d times real time sends each frame when it is due', async (speed) => {
    const wall = fakeClock(1_000_000);
    const sentAt: { atMs: number; wallMs: number; clockMs: number }[] = [];
    exchange = await startExchange({
      source: market,
      speed,
      wall,
      faults: {
        onFrame: ({ atMs, text }, connection) => {
          sentAt.push({ atMs, wallMs: wall.now(), clockMs: exchange?.now() ?? 0 });
          connection.send(text);
        },
      },
    });
    const tape = await connect(`${exchange.wsUrl}/market/stream?streams=${TRADES}`);
    const book = await connect(`${exchange.wsUrl}/public/stream?streams=${DEPTH}`);
    const { frames } = await exchange.ended;
    expect(sentAt).toHaveLength(frames);
    for (const { atMs, wallMs, clockMs } of sentAt) {
      const dueMs = 1_000_000 + (atMs - market.startMs) / speed;
      expect(wallMs - dueMs).toBeGreaterThan(-1);
      expect(wallMs - dueMs).toBeLessThan(6);
      expect(Math.abs(clockMs - atMs)).toBeLessThanOrEqual(6 * speed);
    }
    expect(tape.frames).toEqual(textsOf(market, TRADES));
    expect(book.frames).toEqual(textsOf(market, DEPTH));
  });
});

function frame(stream: string, atMs: number, more = ''): Frame {
  return { stream, atMs, text: `{"stream":"${stream}","data":{"E":${atMs},"more":"${more}"}}` };
}
