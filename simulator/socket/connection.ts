import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { encodeMessages, type Message, OPCODE } from './encode.ts';
import type { Route } from './route.ts';

const FLUSH_MESSAGES = 256;
const FULL_BYTES = 4_194_304;

/** Who is told what goes to a client, and what the client has read. */
export type Witness = {
  /** A message that was put on its way to a client. */
  onSent?(connection: Connection, payload: string | Uint8Array): void;
  /** A client has read the first `count` messages that were sent to it, and told so. */
  onRead?(connection: Connection, count: number): void;
};

/** One client. Frames are queued, written many at once, and known to be read when the ping behind them is answered. */
export class Connection {
  readonly id: number;
  readonly route: Route;
  /** Everything it subscribed to, also what its route does not carry. */
  readonly streams = new Set<string>();
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  #queue: Message[] = [];
  #sentMark = -1;
  #readMark = -1;
  #hasUnmarked = false;
  readonly #witness: Witness;
  #sentCount = 0;
  /** How much had been sent at each mark that was not answered yet, in order. */
  readonly #sentAtMark = new Map<number, number>();
  #waiting: (() => void)[] = [];

  constructor(id: number, route: Route, ws: WebSocket, socket: Socket, witness: Witness = {}) {
    this.#witness = witness;
    this.id = id;
    this.route = route;
    this.#ws = ws;
    this.#socket = socket;
    const wake = (): void => this.#wake();
    socket.on('drain', wake).on('close', wake);
    ws.on('pong', (payload) => {
      this.#answered(markOf(payload));
      wake();
    });
  }

  get isOpen(): boolean {
    return this.#ws.readyState === this.#ws.OPEN && !this.#socket.destroyed;
  }

  /** Queues a text or, from bytes, a binary message. */
  send(payload: string | Uint8Array): void {
    this.#hasUnmarked = true;
    this.#sentCount++;
    this.#witness.onSent?.(this, payload);
    this.#push({ opcode: typeof payload === 'string' ? OPCODE.text : OPCODE.binary, payload });
  }

  /** Queues a ping that tells, when answered, that all before it was read; none where nothing was sent since the last. */
  mark(mark: number): void {
    if (!this.#hasUnmarked) return;
    this.#hasUnmarked = false;
    this.#sentMark = mark;
    if (this.#witness.onRead) this.#sentAtMark.set(mark, this.#sentCount);
    this.#push({ opcode: OPCODE.ping, payload: String(mark) });
  }

  /** Writes what is queued. */
  flush(): void {
    if (this.#queue.length === 0) return;
    const messages = this.#queue;
    this.#queue = [];
    if (this.isOpen) this.#socket.write(encodeMessages(messages));
  }

  /** True while the client reads too slowly to be sent more. */
  get isFull(): boolean {
    return this.isOpen && this.#socket.writableLength > FULL_BYTES;
  }

  /** True when everything up to `mark` was read, or the client is gone. */
  hasRead(mark: number): boolean {
    return !this.isOpen || this.#readMark >= Math.min(mark, this.#sentMark);
  }

  /** Resolves when {@link isFull} is false. */
  async drained(): Promise<void> {
    while (this.isFull) await this.#change();
  }

  /** Resolves when {@link hasRead} is true. */
  async read(mark: number): Promise<void> {
    while (!this.hasRead(mark)) await this.#change();
  }

  /** Closes politely, with a WebSocket close frame behind all that was sent. */
  close(code: number, reason: string): void {
    this.flush();
    this.#ws.close(code, reason);
    this.#wake();
  }

  /** Resolves when the TCP connection has ended. */
  async gone(): Promise<void> {
    while (!this.#socket.destroyed) await this.#change();
  }

  /** Ends the TCP connection at once, with a reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  #answered(mark: number): void {
    this.#readMark = Math.max(this.#readMark, mark);
    for (const [sentMark, count] of this.#sentAtMark) {
      if (sentMark > mark) break;
      this.#sentAtMark.delete(sentMark);
      this.#witness.onRead?.(this, count);
    }
  }

  #push(message: Message): void {
    if (this.#queue.push(message) >= FLUSH_MESSAGES) this.flush();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** A pong nobody asked for carries no mark. */
function markOf(payload: Buffer): number {
  const mark = payload.length > 0 ? Number(payload.toString()) : Number.NaN;
  return Number.isNaN(mark) ? -1 : mark;
}
