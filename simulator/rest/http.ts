/** An HTTP answer, to a REST request or to a refused WebSocket handshake. */
export type HttpAnswer = { status: number; headers: Record<string, string>; body: string };

/** A REST request as far as an answer depends on it. */
export type RestRequest = { path: string; query: URLSearchParams };
