import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Clock, systemClock } from '../shared/time.ts';
import type { Faults } from './faulty/faults.ts';
import { type PlayedSource, play, type Speed } from './playback.ts';
import { createRest } from './rest/answer.ts';
import type { HttpAnswer, RestRequest } from './rest/http.ts';
import { Audience } from './socket/audience.ts';
import { Connection } from './socket/connection.ts';
import { answerRequest } from './socket/requests.ts';
import { routeOf } from './socket/route.ts';
import { createExchangeClock } from './source/clock.ts';
import type { Source } from './source/source.ts';

export type ExchangeOptions = {
  source: Source;
  speed: Speed;
  /** Port on 127.0.0.1; 0, the default, takes a free one. */
  port?: number;
  /** The streams play once so many of the source's have a listener; all of them unless given. */
  waitStreams?: number;
  /** Where the exchange's clock stands, whatever is played; unless given it goes with the source. */
  clockMs?: number;
  /** REST weight a minute (of local time) beyond which the answer is 429; the exchange's 2,400 unless given. */
  weightLimit?: number;
  faults?: Faults;
  wall?: Clock;
};

/** A running exchange. */
export type Exchange = {
  /** REST, `http://127.0.0.1:PORT`. */
  url: string;
  /** Sockets, `ws://127.0.0.1:PORT`. */
  wsUrl: string;
  /** Resolves when every frame of the source has been read by its listeners, or the exchange is closed. Sockets stay open. */
  ended: Promise<PlayedSource>;
  /** The exchange's clock, ms. */
  now(): number;
  /** Sets the exchange's clock, where it stands from then on. */
  setClock(timeMs: number): void;
  /** Closes every connection politely (1001), behind all that was sent, and resolves when they are gone. */
  closeConnections(): Promise<void>;
  /** Stops everything. */
  close(): Promise<void>;
};

/** A client sends a few requests; anything larger is a mistake. */
const MAX_REQUEST_BYTES = 65_536;
const GOING_AWAY = 1001;
const WEIGHT_LIMIT = 2_400;

/** Starts an exchange on 127.0.0.1 and resolves when it listens. */
export async function startExchange(options: ExchangeOptions): Promise<Exchange> {
  const { source, speed, faults = {}, wall = systemClock, weightLimit = WEIGHT_LIMIT } = options;
  const clock = createExchangeClock(source.startMs, wall);
  if (options.clockMs !== undefined) clock.set(options.clockMs);
  const audience = new Audience();
  const rest = createRest({ source, clock, now: wall.now, weightLimit });
  const server = createServer((request, response) => void answer(request, response, rest, faults));
  acceptSockets(server, audience, faults);
  const port = await listen(server, options.port ?? 0);

  const stop = new AbortController();
  const { signal } = stop;
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  const waitStreams = Math.min(options.waitStreams ?? Number.POSITIVE_INFINITY, source.streams.length);
  const ended = Promise.race([audience.gathered(source.streams, waitStreams), stopped]).then(() =>
    play({ source, audience, clock, speed, wall, faults, signal }),
  );
  return {
    url: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}`,
    ended,
    now: clock.now,
    setClock: clock.set,
    async closeConnections() {
      const closing = [...audience.connections];
      for (const connection of closing) connection.close(GOING_AWAY, 'the source has ended');
      for (const connection of closing) await connection.gone();
    },
    async close() {
      stop.abort();
      for (const connection of audience.connections) connection.reset();
      await closeServer(server);
      await ended;
    },
  };
}

function acceptSockets(server: Server, audience: Audience, faults: Faults): void {
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_REQUEST_BYTES,
  });
  let lastId = 0;
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head) => {
    socket.on('error', () => {}); // a client that resets is gone, which the close event tells
    const { pathname, searchParams } = urlOf(request);
    const route = routeOf(pathname);
    const streams = (searchParams.get('streams') ?? '').split('/').filter((stream) => stream !== '');
    const refusal = route ? faults.onHandshake?.(route, streams) : notFound;
    if (!route || refusal) return refuse(socket, refusal ?? notFound);
    sockets.handleUpgrade(request, socket, head, (ws) => {
      const connection = new Connection(++lastId, route, ws, socket, faults);
      welcome(ws, connection, audience);
      faults.onConnection?.(connection);
      for (const stream of streams) audience.subscribe(connection, stream);
    });
  });
}

function welcome(ws: WebSocket, connection: Connection, audience: Audience): void {
  audience.connections.add(connection);
  ws.on('error', () => {}); // a broken client frame; ws closes the connection by itself
  ws.on('close', () => audience.leave(connection));
  ws.on('message', (data, isBinary) => {
    const request = isBinary ? '' : data.toString();
    connection.send(answerRequest(audience, connection, request));
    connection.flush();
  });
}

const notFound: HttpAnswer = { status: 404, headers: {}, body: '' };

/** Answers a handshake with plain HTTP and ends the connection. */
function refuse(socket: Socket, { status, headers, body }: HttpAnswer): void {
  const lines = Object.entries({
    ...headers,
    connection: 'close',
    'content-length': Buffer.byteLength(body),
  });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head}\r\n${body}`);
  socket.destroySoon(); // also where the client keeps its side open
}

async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  rest: (request: RestRequest) => HttpAnswer,
  faults: Faults,
): Promise<void> {
  const { pathname, searchParams } = urlOf(incoming);
  const request = { path: pathname, query: searchParams };
  const plain = rest(request);
  const sent = faults.onAnswer ? await faults.onAnswer(request, plain) : plain;
  if (sent === 'cut') incoming.socket.resetAndDestroy();
  else response.writeHead(sent.status, sent.headers).end(sent.body);
}

function urlOf(request: IncomingMessage): URL {
  return new URL(request.url ?? '/', 'http://127.0.0.1');
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(new Error(`listen on 127.0.0.1:${port}`, { cause })));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : port);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
