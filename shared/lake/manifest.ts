import * as v from 'valibot';
import { COUNT, DATE, ID, ID_RANGE, PRICE, readJson, SUM } from './read-json.ts';

/** A range of ids or of times, both ends included. */
export type Range<T> = [from: T, to: T];

const SEED_SOURCE = v.picklist(['manifest', 'kline']);

/** Where the knowledge of the close before a day comes from. */
export type Seed = v.InferOutput<typeof SEED>;
export const SEED = v.object({ close: PRICE, source: SEED_SOURCE });

const TIME_RANGE = v.tuple([v.string(), v.string()]);
const FILE = { name: v.string(), bytes: COUNT, sha256: v.string() };

const TRADES = v.object({
  rows: COUNT,
  /** As text where no number holds it. */
  executions: v.union([COUNT, SUM]),
  first_id: v.nullable(ID),
  last_id: v.nullable(ID),
  expected_first_id: v.nullable(ID),
  expected_last_id: v.nullable(ID),
  missing: v.array(ID_RANGE),
  /** Ids between the first and the last that a neighbouring day holds; left out where there are none. */
  elsewhere: v.exactOptional(v.array(ID_RANGE)),
  /** Ids that only the `repair` writer holds. */
  repaired: COUNT,
  duplicates: COUNT,
  conflicts: COUNT,
  /** Rows whose exchange time is below that of a smaller id. */
  out_of_order: COUNT,
  zero_quantity: COUNT,
});

const DEPTH = v.object({
  snapshots: COUNT,
  seconds_covered: COUNT,
  /** Stretches of more than 5 s without a snapshot. */
  gaps: v.array(TIME_RANGE),
  duplicates: COUNT,
  one_sided: COUNT,
  crossed: COUNT,
});

const MANIFEST = v.object({
  schema_version: v.literal(1),
  symbol: v.string(),
  date: DATE,
  /** `complete`: every expected id is present. */
  verdict: v.picklist(['complete', 'partial']),
  /** Why the verdict is `partial`. */
  reasons: v.array(v.string()),
  /** What is odd about the content without being missing. */
  warnings: v.array(v.string()),
  /** Who proves the first and last id of the day. */
  proof: v.picklist(['exchange', 'neighbours', 'none']),
  decimals: v.object({ price: COUNT, quantity: COUNT }),
  seed: v.object({ close: v.nullable(PRICE), source: v.nullable(SEED_SOURCE) }),
  close: v.nullable(PRICE),
  cvd: SUM,
  trades: TRADES,
  depth: DEPTH,
  klines: v.object({
    result: v.picklist(['equal', 'differs', 'unavailable']),
    compared: COUNT,
    differing: v.array(v.string()),
  }),
  inputs: v.object({ count: COUNT, bytes: COUNT, rows: COUNT, sha256: v.string() }),
  rejected: v.object({
    count: COUNT,
    by_reason: v.record(v.string(), COUNT),
    named: v.array(v.object({ name: v.string(), line: COUNT, reason: v.string() })),
  }),
  outputs: v.array(v.object({ ...FILE, rows: COUNT })),
  archive: v.object(FILE),
  code_version: v.string(),
});

/**
 * What a symbol-day contains and how far it is proven; `aggregated/{SYMBOL}/{YYYY-MM-DD}_manifest.json`.
 * Its presence says that the day's files are done. Decimals are text, so that no digit is lost.
 */
export type Manifest = v.InferOutput<typeof MANIFEST>;

/** At most this many rejected rows are named. */
export const MAX_NAMED_REJECTIONS = 1_000;

/** Two values of an array over several lines; within a text there are no line ends, so none is taken for it. */
const SHORT_ARRAY = /\[\n +("[^"\n]*"|\d+),\n +("[^"\n]*"|\d+)\n +\]/g;

/** The manifest as it is stored: two spaces of indent, short arrays on one line. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2).replace(SHORT_ARRAY, '[$1, $2]')}\n`;
}

/** Reads a stored manifest. @throws Error that names what of it is none of this version. */
export function parseManifest(text: string): Manifest {
  return readJson(MANIFEST, 1, text);
}
