import { errorText } from '../../shared/errors.ts';
import { type Clock, SECOND_MS } from '../../shared/time.ts';

const TIMEOUT_MS = 10_000;

/** The exchange answered, but not with what was asked for. */
export class RestError extends Error {
  override name = 'RestError';
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** The exchange's REST side, as far as the recorder asks it. */
export type Rest = {
  /** The answer to a GET, as parsed JSON. After 418 or 429 it does not ask again before the time the exchange named. */
  get(path: string): Promise<unknown>;
};

export function createRest(baseUrl: string, clock: Clock): Rest {
  let askAgainAtMs = 0;
  return {
    async get(path) {
      const waitMs = askAgainAtMs - clock.now();
      if (waitMs > 0)
        throw new RestError(`get ${path}: the exchange asked to wait another ${waitMs} ms`, 429);
      const response = await request(baseUrl, path);
      if (response.ok) return response.json();
      if (response.status === 418 || response.status === 429) {
        // Ignoring it earns a ban of up to three days, which would hit the sockets' address too.
        const seconds = Number(response.headers.get('retry-after') ?? 60);
        askAgainAtMs = clock.now() + (Number.isFinite(seconds) ? seconds : 60) * SECOND_MS;
      }
      throw new RestError(`get ${path}: HTTP ${response.status}`, response.status);
    },
  };
}

async function request(baseUrl: string, path: string): Promise<Response> {
  try {
    return await fetch(`${baseUrl}${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (cause) {
    throw new Error(`get ${path}: ${errorText(cause)}`, { cause });
  }
}
