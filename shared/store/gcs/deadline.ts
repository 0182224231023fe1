import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ClientRequest } from 'node:http';
import type { Clock } from '../../time.ts';

/** Runs one exchange with a server; its `work` calls `alive` whenever bytes arrive or leave. */
export type WithDeadline = <T>(work: (alive: () => void) => Promise<T>) => Promise<T>;

/**
 * Fails work that shows no sign of life for `silenceMs`, and closes the sockets of its HTTP requests: the client
 * libraries neither time out nor can be told to stop, and a socket left open would keep the process from ending.
 * Node announces every request on a channel; the asynchronous context tells which work it belongs to.
 */
export function createDeadline(clock: Clock, silenceMs: number): WithDeadline {
  const context = new AsyncLocalStorage<Set<ClientRequest>>();
  return async (work) => {
    const requests = new Set<ClientRequest>();
    const ended = new AbortController();
    const notice = (message: unknown): void => {
      if (context.getStore() !== requests) return;
      const request = requestOf(message);
      if (ended.signal.aborted) request.destroy();
      else requests.add(request);
    };
    let lastSignMs = clock.monotonicMs();
    const alive = (): void => {
      lastSignMs = clock.monotonicMs();
    };
    const silence = async (): Promise<never> => {
      for (let leftMs = silenceMs; leftMs > 0; leftMs = lastSignMs + silenceMs - clock.monotonicMs()) {
        await clock.sleep(leftMs, ended.signal);
      }
      throw Object.assign(new Error(`no answer for ${silenceMs / 1000} s`), { code: 'ETIMEDOUT' });
    };
    subscribe(CREATED, notice);
    const working = context.run(requests, () => work(alive)).finally(() => unsubscribe(CREATED, notice)); // not before: work that is given up may still begin a request
    try {
      return await Promise.race([working, silence()]);
    } finally {
      ended.abort(ENDED);
      for (const request of requests) request.destroy(); // one that has ended gave its socket back and is not touched
    }
  };
}

/** Given, because the reason a controller makes up records a stack: a fifth of what a small download costs. */
const ENDED = new Error('the work has ended');

const CREATED = 'http.client.request.created';

function requestOf(message: unknown): ClientRequest {
  if (typeof message === 'object' && message !== null && 'request' in message) {
    if (message.request instanceof ClientRequest) return message.request;
  }
  throw new Error(`read ${CREATED}: no request in the message`);
}
