import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';
import type { StreamFrame } from '../../shared/exchange/wire.ts';
import type { Frame, Source } from '../../simulator/source/source.ts';

/** A client as a recorder is one: it keeps what it reads, in order. */
export type Client = {
  socket: WebSocket;
  /** Every frame read so far, as text. */
  frames: string[];
  /** Binary messages, which are no frames of the exchange. */
  binary: Buffer[];
  /** Sends a request (text as it is) and resolves with its answer. */
  ask(request: object | string): Promise<unknown>;
};

/** Connects to a path such as `/public/stream?streams=btcusdt@depth20@100ms`. */
export async function connect(url: string, options: ClientOptions = {}): Promise<Client> {
  const socket = new WebSocket(url, { perMessageDeflate: false, ...options });
  const frames: string[] = [];
  const answers: ((answer: unknown) => void)[] = [];
  const binary: Buffer[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) return void binary.push(data);
    const text = data.toString();
    if (text.startsWith('{"stream"')) frames.push(text);
    else answers.shift()?.(JSON.parse(text));
  });
  await once(socket, 'open');
  return {
    socket,
    frames,
    binary,
    ask: (request) =>
      new Promise((resolve) => {
        answers.push(resolve);
        socket.send(typeof request === 'string' ? request : JSON.stringify(request));
      }),
  };
}

/** The streams in a list of frames. */
export function streamsIn(frames: readonly string[]): string[] {
  return [...new Set(frames.map((text) => (JSON.parse(text) as StreamFrame<unknown>).stream))];
}

/** A source of handmade frames, without anything to ask over REST. */
export function sourceOf(streams: readonly string[], frames: () => Iterable<Frame>): Source {
  return { instruments: [], streams, startMs: 0, endMs: 1, frames, tape: () => undefined };
}

/** The texts of a source's frames on some streams, in order: what a listener must have read. */
export function textsOf(source: Source, ...streams: string[]): string[] {
  return [...source.frames()].filter(({ stream }) => streams.includes(stream)).map(({ text }) => text);
}
