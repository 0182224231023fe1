/**
 * How large things may be, in one place: for the recorder, for the fast path of the job and for the careful one. Beyond these a number
 * makes its row odd, a row is rejected, a chunk is rejected and named; the day goes on.
 */

/** Digits of a number before its point, leading zeros included; twice 18 digits still make exact BigInts of bounded cost. */
export const MAX_WHOLE_DIGITS = 18;
/** Digits of a number behind its point. */
export const MAX_PLACES = 18;
/** One line of a chunk, without its end. */
export const MAX_ROW_BYTES = 2 ** 20;
/** What a chunk may inflate to. */
export const MAX_CHUNK_BYTES = 128 * 2 ** 20;
/** Trades that the job reads of a quarter of an hour, doubled ones included: as many as the shortest rows of one chunk. They are in memory at once. */
export const MAX_WINDOW_TRADES = 2 ** 22;
/** Snapshots likewise: a hundred recorders' worth. */
export const MAX_WINDOW_SNAPSHOTS = 2 ** 20;
/** Ids lie below 2^53, so that doubles and typed arrays hold them exactly. */
export const MAX_ID = Number.MAX_SAFE_INTEGER;

/** A price as text within these limits: plain digits, no sign, no exponent. */
export const PRICE_TEXT = new RegExp(`^\\d{1,${MAX_WHOLE_DIGITS}}(\\.\\d{1,${MAX_PLACES}})?$`);
