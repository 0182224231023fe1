// An exchange that plays recorded frames over and over at a steady rate, with times that move on: nine snapshots to one trade.
// `sender.ts RATE FRAMES`. It prints its port, begins when the streams are there (the route `all`, or `public` and `market`), and
// at the end prints how long it took. It hands whole batches to the TCP socket, so that it takes little of the machine.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { gunzipSync } from 'node:zlib';

const FILE = resolve(import.meta.dirname, '../../../shared/data/replay/btcusdt-20240718T2357.jsonl.gz');
const HANDSHAKE_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'; // RFC 6455, 1.3
const TICK_MS = 5;
/** The recording lasts a little longer than eight minutes; each time it is played it moves on by so much. */
const TURN_MS = 9 * 60_000;
/** What a slow reader has not taken; beyond it the sender falls behind its rate. */
const MAX_UNSENT_BYTES = 8 << 20;

/** The frames of a route as WebSocket sends them, one behind the other: where each ends, and where its times stand. */
type Tape = { bytes: Buffer; ends: number[]; times: { at: number; timeMs: number }[] };

const [rate = 0, frames = 0] = process.argv.slice(2).map(Number);
const texts = recordedFrames();
const sockets = new Map<string, Duplex>();

const server = createServer((_request, response) => response.writeHead(404).end());
server.on('upgrade', ({ url = '', headers }, socket) => {
  const key = createHash('sha1').update(`${headers['sec-websocket-key']}${HANDSHAKE_GUID}`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
  );
  socket.on('error', () => process.exit());
  sockets.set(url.split('/')[1] ?? '', socket);
  if (sockets.has('all') || sockets.size === 2) setTimeout(play, 500);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address ? address.port : ''}\n`);
});

async function play(): Promise<void> {
  const routes = [...sockets].map(([route, socket]) => ({
    socket,
    tape: tapeOf(route),
    turn: movedBytes(tapeOf(route), 0),
  }));
  const startMs = performance.now();
  for (let sent = 0; sent < frames; ) {
    await new Promise((resume) => setTimeout(resume, TICK_MS));
    const due = Math.min(frames, Math.floor(((performance.now() - startMs) / 1000) * rate));
    const turn = Math.floor(sent / texts.length);
    const end = Math.min(due, (turn + 1) * texts.length); // a batch is of one turn
    for (const route of routes) {
      if (sent % texts.length === 0) route.turn = movedBytes(route.tape, turn);
      const place = (frame: number): number => route.tape.ends[frame - turn * texts.length - 1] ?? 0;
      route.socket.write(route.turn.subarray(place(sent), place(end)));
      if (route.socket.writableLength > MAX_UNSENT_BYTES) await once(route.socket, 'drain');
    }
    sent = end;
  }
  for (const { socket } of routes) if (socket.writableLength > 0) await once(socket, 'drain');
  const seconds = (performance.now() - startMs) / 1000;
  process.stdout.write(`${JSON.stringify({ seconds, framesPerSecond: frames / seconds })}\n`);
  for (const { socket } of routes) socket.end(Buffer.from([0x88, 0]));
}

/** All recorded snapshots in their order, and so many of the trades between them that these are one frame in ten. */
function recordedFrames(): string[] {
  const lines = gunzipSync(readFileSync(FILE)).toString().trim().split('\n');
  const all = lines.map((line) => line.slice(line.indexOf(' ') + 1));
  const snapshots = all.filter((text) => text.includes('@depth20')).length;
  const everyNth = Math.floor((all.length - snapshots) / (snapshots / 9));
  let trades = 0;
  return all.filter((text) => text.includes('@depth20') || trades++ % everyNth === 0);
}

/** The frames a route carries; those of another route take no place in it. */
function tapeOf(route: string): Tape {
  const tape: Tape = { bytes: Buffer.alloc(0), ends: [], times: [] };
  const parts: Buffer[] = [];
  let end = 0;
  for (const text of texts) {
    if (route === 'all' || text.includes('@depth20') === (route === 'public')) {
      const payload = Buffer.from(text);
      const head =
        payload.length < 126
          ? [0x81, payload.length]
          : [0x81, 126, payload.length >> 8, payload.length & 255];
      for (const { index, 1: time = '' } of text.matchAll(/"[ET]":(\d{13})/g))
        tape.times.push({ at: end + head.length + index + '"T":'.length, timeMs: Number(time) });
      parts.push(Buffer.from(head), payload);
      end += head.length + payload.length;
    }
    tape.ends.push(end);
  }
  return { ...tape, bytes: Buffer.concat(parts) };
}

/** A copy of the tape with its times moved on by `turn` turns; what was sent before may still wait in the socket. */
function movedBytes({ bytes, times }: Tape, turn: number): Buffer {
  const moved = Buffer.from(bytes);
  for (const { at, timeMs } of times) moved.write(String(timeMs + turn * TURN_MS), at, 'latin1');
  return moved;
}
