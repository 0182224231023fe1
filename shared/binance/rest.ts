/** What is asked of the exchange over REST. */
export type ExchangeRest = {
  /** The exchange's clock, ms UTC. */
  time(): Promise<number>;
};

const DEADLINE_MS = 10_000;

/** The exchange's REST interface at `baseUrl`, e.g. `https://fapi.binance.com`. */
export function exchangeRest(baseUrl: string): ExchangeRest {
  const get = async (path: string): Promise<unknown> => {
    try {
      const response = await fetch(`${baseUrl}${path}`, { signal: AbortSignal.timeout(DEADLINE_MS) });
      if (!response.ok) throw new Error(`status ${response.status} ${(await response.text()).slice(0, 200)}`);
      return await response.json();
    } catch (cause) {
      throw new Error(`ask exchange ${path}`, { cause });
    }
  };
  return {
    time: async () => {
      const body = await get('/fapi/v1/time');
      if (
        typeof body === 'object' &&
        body !== null &&
        'serverTime' in body &&
        typeof body.serverTime === 'number'
      )
        return body.serverTime;
      throw new Error('ask exchange /fapi/v1/time: the answer has no serverTime');
    },
  };
}
