import { types } from 'node:util';
import { splitCredentials } from '../credentials.ts';
import { errorCode } from '../errors.ts';
import { SECOND_MS } from '../time.ts';
import { retryAfterMs } from './retry-after.ts';

/**
 * An answer of the exchange that is none, or none that helps.
 * `away`: nobody listens there, or this address is not served; asking again is no use.
 * `limited`: asked too much; `retryAfterMs` says when to come back. `failed`: may pass. `invalid`: the question was wrong.
 */
export class ExchangeError extends Error {
  override name = 'ExchangeError';
  readonly kind: 'away' | 'limited' | 'failed' | 'invalid';
  readonly retryAfterMs: number;
  /** The HTTP status, where there was an answer. */
  readonly status: number | undefined;

  constructor(
    kind: ExchangeError['kind'],
    message: string,
    options: { cause?: unknown; retryAfterMs?: number; status?: number | undefined } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs ?? 0;
    this.status = options.status;
  }
}

/** A JSON answer and the weight the exchange has counted for this address in the present minute, where it said so. */
export type Answer = { body: unknown; usedWeight: number | undefined };

/** Asks once, within a deadline. @throws ExchangeError */
export async function askOnce(address: string, deadlineMs: number): Promise<Answer> {
  try {
    const { url, headers } = splitCredentials(address);
    const signal = AbortSignal.timeout(deadlineMs);
    const response = await fetch(url, { headers, signal, redirect: 'error' });
    const text = await response.text();
    if (!response.ok) throw refusal(response, text);
    return { body: JSON.parse(text), usedWeight: numberHeader(response, 'x-mbx-used-weight-1m') };
  } catch (error) {
    if (error instanceof ExchangeError) throw error;
    throw new ExchangeError(isNobodyThere(error) ? 'away' : 'failed', 'no answer', { cause: error });
  }
}

/** What a status says (https://developers.binance.com/docs/derivatives/usds-margined-futures/general-info). */
function refusal(response: Response, text: string): ExchangeError {
  const { status } = response;
  const message = `status ${status} ${text.slice(0, 200)}`;
  const options = { status, retryAfterMs: retryAfterMs(response.headers.get('retry-after')) ?? SECOND_MS };
  if (status === 418) return new ExchangeError('away', `this address is banned: ${message}`, options);
  if (status === 451)
    return new ExchangeError('away', `this region is refused, run outside of the US: ${message}`, { status });
  if (status === 429) return new ExchangeError('limited', message, options);
  return new ExchangeError(status >= 500 ? 'failed' : 'invalid', message, { status });
}

function numberHeader(response: Response, name: string): number | undefined {
  const value = response.headers.get(name);
  return value !== null && /^\d+$/.test(value) ? Number(value) : undefined;
}

const NOBODY_THERE = ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH'];

/** Looks into causes and, where several addresses were tried, into their errors. */
function isNobodyThere(error: unknown): boolean {
  if (!types.isNativeError(error)) return false; // `instanceof` misses errors of another realm
  if (NOBODY_THERE.includes(errorCode(error) ?? '')) return true;
  if (error.message === 'bad port') return true; // fetch refuses some by a list (https://fetch.spec.whatwg.org/#port-blocking)
  const parts = 'errors' in error && Array.isArray(error.errors) ? error.errors : [];
  return [error.cause, ...parts].some(isNobodyThere);
}
