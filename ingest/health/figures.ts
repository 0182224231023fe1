import type { Tally } from './tally.ts';

/** How the recording stands: for the status line, `/healthz` and the metrics. Times in ms. */
export type Figures = Tally & {
  /** The exchange's time; undefined before its first event. */
  exchangeMs: number | undefined;
  /** The exchange's clock minus ours. */
  clockOffsetMs: number | undefined;
  /** Since the last trade and the last snapshot of any symbol. */
  tradeAgeMs: number;
  depthAgeMs: number;
  symbols: number;
  /** Connections that should be open and are not. */
  disconnected: number;
  staleStreams: readonly string[];
  openMinutes: number;
  waitingChunks: number;
  /** How long the oldest chunk waits to be stored. */
  uploadLagMs: number;
  isStoreFailing: boolean;
  spoolBytes: number;
};
