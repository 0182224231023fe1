import type { Audience } from './audience.ts';
import type { Connection } from './connection.ts';

type Request = { method: string; params: string[]; id: unknown };

/** The exchange's answer to a text message of a client, after doing what it asks. */
export function answerRequest(audience: Audience, connection: Connection, text: string): string {
  const request = readRequest(text);
  if (typeof request === 'string') return JSON.stringify({ error: { code: 2, msg: request } });
  const { method, params, id } = request;
  if (method === 'LIST_SUBSCRIPTIONS') return JSON.stringify({ result: [...connection.streams], id });
  for (const stream of params) {
    if (method === 'SUBSCRIBE') audience.subscribe(connection, stream);
    else audience.unsubscribe(connection, stream);
  }
  return JSON.stringify({ result: null, id });
}

const METHODS = ['SUBSCRIBE', 'UNSUBSCRIBE', 'LIST_SUBSCRIPTIONS'];

function readRequest(text: string): Request | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'Invalid JSON';
  }
  if (typeof value !== 'object' || value === null) return 'Invalid request: not an object';
  const { method, params = [], id = null } = value as { method?: unknown; params?: unknown; id?: unknown };
  if (typeof method !== 'string' || !METHODS.includes(method))
    return `Invalid request: unknown method ${method}`;
  if (!Array.isArray(params) || !params.every((stream) => typeof stream === 'string')) {
    return 'Invalid request: params must be an array of strings';
  }
  return { method, params, id };
}
