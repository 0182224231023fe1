import type { Connection } from '../socket/connection.ts';
import type { Route } from '../socket/route.ts';
import type { Frame } from '../source/source.ts';

/** An HTTP answer, to a REST request or to a refused WebSocket handshake. */
export type HttpAnswer = { status: number; headers: Record<string, string>; body: string };

/** A REST request as far as an answer depends on it. */
export type RestRequest = { path: string; query: URLSearchParams };

/**
 * The stage between the exchange and its clients where things may go wrong. Whatever a method leaves out goes through
 * as it is.
 */
export type Faults = {
  /** A handshake that asks for these streams: an answer refuses it. */
  onHandshake?(route: Route, streams: readonly string[]): HttpAnswer | undefined;
  /** A connection that has just opened, to be kept for closing or resetting it later. */
  onConnection?(connection: Connection): void;
  /** A frame on its way to one listener; what is to be sent instead goes to `connection.send`. */
  onFrame?(frame: Frame, connection: Connection): void;
  /** A message that was put on its way to a client. */
  onSent?(connection: Connection, payload: string | Uint8Array): void;
  /** A client has read the first `count` messages that were sent to it, and told so. */
  onRead?(connection: Connection, count: number): void;
  /** A REST answer on its way; `cut` ends the connection without one. */
  onAnswer?(request: RestRequest, answer: HttpAnswer): HttpAnswer | 'cut' | Promise<HttpAnswer | 'cut'>;
};
