import type { HttpAnswer, RestRequest } from '../rest/http.ts';
import type { Connection, Witness } from '../socket/connection.ts';
import type { Route } from '../socket/route.ts';
import type { Frame } from '../source/source.ts';

/**
 * The stage between the exchange and its clients where things may go wrong. Whatever a method leaves out goes through
 * as it is.
 */
export type Faults = Witness & {
  /** A handshake that asks for these streams: an answer refuses it. */
  onHandshake?(route: Route, streams: readonly string[]): HttpAnswer | undefined;
  /** A connection that has just opened, to be kept for closing or resetting it later. */
  onConnection?(connection: Connection): void;
  /** A frame on its way to one listener; what is to be sent instead goes to `connection.send`. */
  onFrame?(frame: Frame, connection: Connection): void;
  /** A REST answer on its way; `cut` ends the connection without one. */
  onAnswer?(request: RestRequest, answer: HttpAnswer): HttpAnswer | 'cut' | Promise<HttpAnswer | 'cut'>;
};
