import { type RawData, WebSocket } from 'ws';
import { splitCredentials } from '../../shared/credentials.ts';
import { errorText } from '../../shared/errors.ts';
import { retryAfterMs } from '../../shared/exchange/retry-after.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** A frame is 2 kB; anything near this is no market data, and ends the connection before it fills the memory. */
const MAX_FRAME_BYTES = 4_194_304;

/** Bad request, address too long, header too large. */
const ADDRESS_REFUSED = [400, 414, 431];

/** How a connection ended, or why it never opened. */
export type ConnectionEnd = {
  reason: 'closed' | 'error' | 'refused';
  detail: string;
  /** Status and headers of a refused handshake. */
  status?: number;
  headers?: Record<string, string | string[] | undefined>;
};

/** Who is told what a connection brings. Nothing is told after its end. */
export type ConnectionListener = {
  onOpen(): void;
  onFrame(bytes: Buffer, isBinary: boolean): void;
  onEnd(end: ConnectionEnd): void;
};

/** One WebSocket from its handshake to its end. */
export type Connection = {
  /** Stops reading; the other side is held up by back-pressure. */
  pause(): void;
  resume(): void;
  /** Ends it at once, without waiting for the other side. */
  terminate(detail: string): void;
};

/** Opens a connection. Never throws: an address that is none ends it like a refusal. */
export function openConnection(url: string, listener: ConnectionListener): Connection {
  try {
    return connect(url, listener);
  } catch (error) {
    queueMicrotask(() => listener.onEnd({ reason: 'refused', detail: errorText(error) }));
    return { pause: () => {}, resume: () => {}, terminate: () => {} };
  }
}

/** True where it was the address that was refused, with no word on who asks or when: one of its streams may be to blame. */
export function isOfAddress({ reason, status }: ConnectionEnd): boolean {
  return reason === 'refused' && (status === undefined || ADDRESS_REFUSED.includes(status));
}

function connect(address: string, listener: ConnectionListener): Connection {
  const { url, headers } = splitCredentials(address);
  const socket = new WebSocket(url, {
    headers,
    perMessageDeflate: false,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    maxPayload: MAX_FRAME_BYTES,
    // Damaged text must cost one frame, not the connection: the frame parser checks every byte that is kept.
    skipUTF8Validation: true,
  });
  let hasEnded = false;
  const end = (ended: ConnectionEnd): void => {
    if (hasEnded) return;
    hasEnded = true;
    socket.terminate();
    listener.onEnd(ended);
  };
  socket.on('open', () => hasEnded || listener.onOpen());
  socket.on('message', (data, isBinary) => hasEnded || listener.onFrame(bytesOf(data), isBinary));
  socket.on('error', (error) => end({ reason: 'error', detail: errorText(error) }));
  socket.on('close', (code, reason) => end({ reason: 'closed', detail: `${code} ${reason}`.trim() }));
  socket.on('unexpected-response', (_request, { statusCode: status = 0, headers }) =>
    end({ reason: 'refused', detail: `HTTP ${status}`, status, headers }),
  );
  return {
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    terminate: (detail) => end({ reason: 'closed', detail }),
  };
}

/** How long the other side asks us to stay away, ms; 0 where it does not. */
export function askedWaitMs({ headers }: ConnectionEnd): number {
  const header = headers?.['retry-after'];
  return typeof header === 'string' ? (retryAfterMs(header) ?? 0) : 0;
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
