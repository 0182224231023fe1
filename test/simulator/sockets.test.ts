import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { MINUTE_MS } from '../../shared/time.ts';
import { type Exchange, type ExchangeOptions, startExchange } from '../../simulator/exchange.ts';
import { createMarket } from '../../simulator/market/market.ts';
import { connect, streamsIn, textsOf } from './client.ts';

const MIDNIGHT = Date.parse('2024-07-19T00:00:00Z');
const DEPTH = 'btcusdt@depth20@100ms';
const TRADES = 'btcusdt@aggTrade';

const market = createMarket({
  seed: 5,
  symbols: ['BTCUSDT'],
  startMs: MIDNIGHT - MINUTE_MS,
  endMs: MIDNIGHT + MINUTE_MS,
  depthEveryMs: 1_000,
  tradesPerSecond: 5,
});

let exchange: Exchange | undefined;
afterEach(() => exchange?.close());

async function start(options: Partial<ExchangeOptions> = {}): Promise<Exchange> {
  exchange = await startExchange({ source: market, speed: 'max', ...options });
  return exchange;
}

describe('streams', () => {
  it('come by ?streams= on the route that carries them, every frame in order', async () => {
    const { wsUrl, ended } = await start();
    const book = await connect(`${wsUrl}/public/stream?streams=${DEPTH}`);
    const tape = await connect(`${wsUrl}/market/stream?streams=${TRADES}`);
    const { frames, isComplete } = await ended;
    expect(isComplete).toBe(true);
    expect(book.frames).toEqual(textsOf(market, DEPTH));
    expect(tape.frames).toEqual(textsOf(market, TRADES));
    expect(frames).toBe(book.frames.length + tape.frames.length);
  });

  it('come by SUBSCRIBE from the first frame on', async () => {
    const { wsUrl, ended } = await start();
    const book = await connect(`${wsUrl}/public/stream`);
    const tape = await connect(`${wsUrl}/market/stream`);
    expect(await book.ask({ method: 'SUBSCRIBE', params: [DEPTH], id: 1 })).toEqual({ result: null, id: 1 });
    expect(await tape.ask({ method: 'SUBSCRIBE', params: [TRADES], id: 'two' })).toEqual({
      result: null,
      id: 'two',
    });
    await ended;
    expect(book.frames).toEqual(textsOf(market, DEPTH));
    expect(tape.frames).toEqual(textsOf(market, TRADES));
  });

  it('reach every listener', async () => {
    const { wsUrl, ended } = await start({ waitStreams: 2 });
    const one = await connect(`${wsUrl}/market/stream?streams=${TRADES}`);
    const two = await connect(`${wsUrl}/market/stream?streams=${TRADES}`);
    await connect(`${wsUrl}/public/stream?streams=${DEPTH}`);
    await ended;
    expect(one.frames).toEqual(textsOf(market, TRADES));
    expect(two.frames).toEqual(one.frames);
  });

  it('are acknowledged and silent on the wrong route, the old paths and in upper case', async () => {
    const { wsUrl, ended } = await start();
    const asked = [DEPTH, TRADES, 'BTCUSDT@aggTrade', 'btcusdt@nothing'];
    const paths = ['/public/stream', '/market/stream', '/stream', '/ws'];
    const clients = await Promise.all(paths.map((path) => connect(`${wsUrl}${path}`)));
    for (const [i, client] of clients.entries()) {
      expect(await client.ask({ method: 'SUBSCRIBE', params: asked, id: i })).toEqual({
        result: null,
        id: i,
      });
    }
    await ended;
    for (const client of clients) {
      // The answer comes behind every frame there could have been.
      expect(await client.ask({ method: 'LIST_SUBSCRIPTIONS', id: 9 })).toEqual({ result: asked, id: 9 });
    }
    expect(clients.map(({ frames }) => streamsIn(frames))).toEqual([[DEPTH], [TRADES], [], []]);
  });

  it('end with UNSUBSCRIBE', async () => {
    const { wsUrl, ended } = await start();
    const tape = await connect(`${wsUrl}/market/stream?streams=${TRADES}`);
    expect(await tape.ask({ method: 'UNSUBSCRIBE', params: [TRADES], id: 1 })).toEqual({
      result: null,
      id: 1,
    });
    expect(await tape.ask({ method: 'LIST_SUBSCRIPTIONS', id: 2 })).toEqual({ result: [], id: 2 });
    const other = await connect(`${wsUrl}/market/stream?streams=${TRADES}`);
    await connect(`${wsUrl}/public/stream?streams=${DEPTH}`);
    await ended;
    expect(tape.frames).toEqual([]);
    expect(other.frames).not.toEqual([]);
  });

  it('begin when enough of them have a listener', async () => {
    const { wsUrl, ended } = await start({ waitStreams: 1 });
    const tape = await connect(`${wsUrl}/market/stream?streams=${TRADES}`);
    await ended;
    expect(tape.frames).toEqual(textsOf(market, TRADES));
  });

  it('take symbols with letters beyond ASCII', async () => {
    const source = createMarket({
      seed: 1,
      symbols: ['币安人生USDT'],
      startMs: MIDNIGHT,
      endMs: MIDNIGHT + 5_000,
      depthEveryMs: 1_000,
      tradesPerSecond: 5,
    });
    const { wsUrl, ended } = await start({ source });
    const tape = await connect(
      `${wsUrl}/market/stream?streams=${encodeURIComponent('币安人生usdt@aggTrade')}`,
    );
    const book = await connect(`${wsUrl}/public/stream`);
    await book.ask({ method: 'SUBSCRIBE', params: ['币安人生usdt@depth20@100ms'], id: 1 });
    await ended;
    expect([...tape.frames, ...book.frames].sort()).toEqual(
      [...source.frames()].map(({ text }) => text).sort(),
    );
  });
});

describe('connections', () => {
  it('get an error for a request that makes no sense', async () => {
    const { wsUrl } = await start();
    const client = await connect(`${wsUrl}/public/stream`);
    for (const request of ['nonsense', '[]', { method: 'DANCE' }, { method: 'SUBSCRIBE', params: [1] }]) {
      expect(await client.ask(request)).toEqual({ error: { code: 2, msg: expect.any(String) } });
    }
  });

  it('are refused on a path the exchange does not have', async () => {
    const { wsUrl } = await start();
    const [, response] = await once(
      new WebSocket(`${wsUrl}/elsewhere`).on('error', () => {}),
      'unexpected-response',
    );
    expect(response.statusCode).toBe(404);
  });

  it('offer no compression', async () => {
    const { wsUrl } = await start();
    const socket = new WebSocket(`${wsUrl}/public/stream`);
    await once(socket, 'open');
    expect(socket.extensions).toBe('');
  });

  it('stay open and silent after the end, until they are closed politely', async () => {
    const { wsUrl, ended, closeConnections } = await start({ waitStreams: 1 });
    const tape = await connect(`${wsUrl}/market/stream?streams=${TRADES}`);
    await ended;
    expect(tape.socket.readyState).toBe(WebSocket.OPEN);
    const closed = once(tape.socket, 'close');
    await closeConnections();
    expect((await closed)[0]).toBe(1001);
  });
});

describe('the stage for faults', () => {
  it('can refuse a handshake', async () => {
    const { wsUrl } = await start({
      faults: { onHandshake: () => ({ status: 429, headers: { 'retry-after': '7' }, body: 'slow down' }) },
    });
    const socket = new WebSocket(`${wsUrl}/public/stream`).on('error', () => {});
    const [, response] = await once(socket, 'unexpected-response');
    expect([response.statusCode, response.headers['retry-after']]).toEqual([429, '7']);
  });

  it('can drop, double and change frames, and sees each connection', async () => {
    const seen: string[] = [];
    const { wsUrl, ended } = await start({
      waitStreams: 1,
      faults: {
        onConnection: ({ route }) => seen.push(route),
        onFrame: ({ text }, connection) => {
          if (!text.includes('"m":true')) return;
          connection.send(text);
          connection.send(text);
          connection.send(Buffer.from('binary'));
        },
      },
    });
    const tape = await connect(`${wsUrl}/market/stream?streams=${TRADES}`);
    await ended;
    const kept = textsOf(market, TRADES).filter((text) => text.includes('"m":true'));
    expect(tape.frames).toEqual(kept.flatMap((text) => [text, text]));
    expect(tape.binary.map(String)).toEqual(kept.map(() => 'binary'));
    expect(seen).toEqual(['market']);
  });

  it('can change or cut an answer of REST', async () => {
    const { url } = await start({
      faults: {
        onAnswer: ({ path }, answer) =>
          path.endsWith('/time') ? 'cut' : { ...answer, status: 503, body: '' },
      },
    });
    expect((await fetch(`${url}/fapi/v1/exchangeInfo`)).status).toBe(503);
    await expect(fetch(`${url}/fapi/v1/time`)).rejects.toThrow();
  });
});
