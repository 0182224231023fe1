import type { Log } from '../../shared/log.ts';
import { backoffMs } from '../../shared/retry.ts';
import { type Clock, SECOND_MS } from '../../shared/time.ts';
import type { Connection, ConnectionEnd, ConnectionListener } from './connection.ts';

const BACKOFF = { firstDelayMs: SECOND_MS, maxDelayMs: 32 * SECOND_MS };

/** Someone who takes a connection's frames; a new one for each connection. */
export type FrameTaker = { onFrame(bytes: Buffer, isBinary: boolean): void; onEnd(): void };

export type Connector = {
  /** Starts to open a connection. */
  connect(listener: ConnectionListener): Connection;
  /** Called when a connection is open. */
  onOpen(connection: Connection): FrameTaker;
  onReconnect(): void;
};

/**
 * Opens a connection again and again until `signal` is aborted, which also ends the present one. Between two tries it
 * waits 1 to 32 s, more after each try that brought no data.
 */
export async function keepConnected(
  connector: Connector,
  { clock, random, log, signal }: { clock: Clock; random: () => number; log: Log; signal: AbortSignal },
): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    const { end, hadData } = await connectOnce(connector, signal);
    if (signal.aborted) return;
    if (hadData) attempt = 0;
    const waitMs = Math.round(backoffMs(BACKOFF, attempt, random));
    log.warn({ ...end, headers: undefined, waitMs }, `connection ended: ${end.detail}`);
    await clock.sleep(waitMs, signal).catch(() => {});
    if (!signal.aborted) connector.onReconnect();
  }
}

/** One connection's life. */
function connectOnce(
  { connect, onOpen }: Connector,
  signal: AbortSignal,
): Promise<{ end: ConnectionEnd; hadData: boolean }> {
  return new Promise((resolve) => {
    let taker: FrameTaker | undefined;
    let hadData = false;
    const stop = (): void => connection.terminate('stopped');
    const connection = connect({
      onOpen: () => {
        taker = onOpen(connection);
      },
      onFrame: (bytes, isBinary) => {
        hadData = true;
        taker?.onFrame(bytes, isBinary);
      },
      onEnd: (end) => {
        signal.removeEventListener('abort', stop);
        taker?.onEnd();
        resolve({ end, hadData });
      },
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}
