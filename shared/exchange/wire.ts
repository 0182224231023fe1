/** An `<symbol>@aggTrade` payload. Keys that come and go (`nq`, `st`) are optional. */
export type AggTradeEvent = {
  e: 'aggTrade';
  /** Event time, ms. */
  E: number;
  /** Aggregate trade id. */
  a: number;
  s: string;
  p: string;
  q: string;
  /** Quantity without retail-price-improvement orders. */
  nq?: string;
  /** First and last single trade id. */
  f: number;
  l: number;
  /** Trade time, ms. */
  T: number;
  /** True when the buyer was the maker, so that the seller was the aggressor. */
  m: boolean;
};

/** A `<symbol>@depth20@100ms` payload: a whole snapshot of the best levels. */
export type DepthEvent = {
  e: 'depthUpdate';
  E: number;
  T: number;
  s: string;
  U: number;
  u: number;
  pu: number;
  /** `[price, quantity]` as text, best first. */
  b: [string, string][];
  a: [string, string][];
};

/** A combined-stream frame. */
export type StreamFrame<Data> = { stream: string; data: Data };

/** A row of REST `/fapi/v1/aggTrades`: the event without its envelope. */
export type RestAggTrade = Pick<AggTradeEvent, 'a' | 'p' | 'q' | 'nq' | 'f' | 'l' | 'T' | 'm'>;

/** A row of REST `/fapi/v1/klines`, in the exchange's order. */
export type RestKline = [
  openTime: number,
  open: string,
  high: string,
  low: string,
  close: string,
  volume: string,
  closeTime: number,
  quoteVolume: string,
  count: number,
  takerBuyVolume: string,
  takerBuyQuoteVolume: string,
  ignore: string,
];

/** What `exchangeInfo` tells of a symbol, as far as it is used. */
export type SymbolInfo = {
  symbol: string;
  status: string;
  contractType: string;
  quoteAsset: string;
};

/** The stream of a symbol's aggregated trades; it comes on the `/market` route. */
export const tradeStream = (symbol: string): string => `${symbol.toLowerCase()}@aggTrade`;

/** The stream of a symbol's best 20 levels; it comes on the `/public` route. */
export const depthStream = (symbol: string): string => `${symbol.toLowerCase()}@depth20@100ms`;
