import type { Connection } from './connection.ts';
import { carries } from './route.ts';

const NOBODY: ReadonlySet<Connection> = new Set();

/** Who is connected, and who listens to what. */
export class Audience {
  readonly connections = new Set<Connection>();
  readonly #listeners = new Map<string, Set<Connection>>();
  #waiting: (() => void)[] = [];

  /** Notes a subscription. A stream that the connection's route does not carry is noted and stays silent. */
  subscribe(connection: Connection, stream: string): void {
    connection.streams.add(stream);
    if (!carries(connection.route, stream)) return;
    const listeners = this.#listeners.get(stream) ?? new Set();
    this.#listeners.set(stream, listeners.add(connection));
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  unsubscribe(connection: Connection, stream: string): void {
    connection.streams.delete(stream);
    this.#listeners.get(stream)?.delete(connection);
  }

  /** Forgets a connection that has ended. */
  leave(connection: Connection): void {
    this.connections.delete(connection);
    for (const stream of [...connection.streams]) this.unsubscribe(connection, stream);
  }

  listeners(stream: string): ReadonlySet<Connection> {
    return this.#listeners.get(stream) ?? NOBODY;
  }

  /** Resolves when at least `count` of the streams have a listener. */
  async gathered(streams: readonly string[], count: number): Promise<void> {
    while (streams.filter((stream) => this.listeners(stream).size > 0).length < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}
