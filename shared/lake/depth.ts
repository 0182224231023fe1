/** Columns of a raw depth chunk: one row a snapshot of the best levels. Meanings in ARCHITECTURE.md. */
export const DEPTH_COLUMNS = [
  'timestamp',
  'bids',
  'asks',
  'last_update_id',
  'event_time',
  'received_at',
] as const;

/** The first line of every depth chunk, without its line end. */
export const DEPTH_HEADER = DEPTH_COLUMNS.join(',');
