import { DAY_MS, SECOND_MS } from '../time.ts';

/** The longest ban the exchange gives; whoever asks for more is mistaken. */
const MAX_RETRY_AFTER_MS = 3 * DAY_MS;

/** What a `Retry-After` header in seconds (RFC 9110 10.2.3) asks for, ms; undefined where it asks for nothing that can be read. */
export function retryAfterMs(header: string | null | undefined): number | undefined {
  if (!header || !/^\d+$/.test(header)) return undefined;
  return Math.min(MAX_RETRY_AFTER_MS, Number(header) * SECOND_MS);
}
