/** A range of ids or of times, both ends included. */
export type Range<T> = [from: T, to: T];

/** Where the knowledge of the close before a day comes from. */
export type Seed = { close: string; source: 'manifest' | 'kline' };

/**
 * What a symbol-day contains and how far it is proven; `aggregated/{SYMBOL}/{YYYY-MM-DD}_manifest.json`.
 * Its presence says that the day's files are done. Decimals are text, so that no digit is lost.
 */
export type Manifest = {
  schema_version: 1;
  symbol: string;
  date: string;
  /** `complete`: every expected id is present. */
  verdict: 'complete' | 'partial';
  /** Why the verdict is `partial`. */
  reasons: string[];
  /** What is odd about the content without being missing. */
  warnings: string[];
  /** Who proves the first and last id of the day. */
  proof: 'exchange' | 'neighbours' | 'none';
  decimals: { price: number; quantity: number };
  seed: { close: string | null; source: Seed['source'] | null };
  close: string | null;
  cvd: string;
  trades: {
    rows: number;
    executions: number | string;
    first_id: number | null;
    last_id: number | null;
    expected_first_id: number | null;
    expected_last_id: number | null;
    missing: Range<number>[];
    /** Ids that only the `repair` writer holds. */
    repaired: number;
    duplicates: number;
    conflicts: number;
    /** Rows whose exchange time is below that of a smaller id. */
    out_of_order: number;
    zero_quantity: number;
  };
  depth: {
    snapshots: number;
    seconds_covered: number;
    /** Stretches of more than 5 s without a snapshot. */
    gaps: Range<string>[];
    duplicates: number;
    one_sided: number;
    crossed: number;
  };
  klines: { result: 'equal' | 'differs' | 'unavailable'; compared: number; differing: string[] };
  inputs: { count: number; bytes: number; rows: number; sha256: string };
  rejected: {
    count: number;
    by_reason: Record<string, number>;
    named: { name: string; line: number; reason: string }[];
  };
  outputs: { name: string; bytes: number; sha256: string; rows: number }[];
  archive: { name: string; bytes: number; sha256: string };
  code_version: string;
};

/** At most this many rejected rows are named. */
export const MAX_NAMED_REJECTIONS = 1_000;

/** Two values of an array over several lines; within a text there are no line ends, so none is taken for it. */
const SHORT_ARRAY = /\[\n +("[^"\n]*"|\d+),\n +("[^"\n]*"|\d+)\n +\]/g;

/** The manifest as it is stored: two spaces of indent, short arrays on one line. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2).replace(SHORT_ARRAY, '[$1, $2]')}\n`;
}

/** Reads a stored manifest. @throws Error when it is none of this version. */
export function parseManifest(text: string): Manifest {
  const manifest: unknown = JSON.parse(text);
  if (
    typeof manifest !== 'object' ||
    manifest === null ||
    !('schema_version' in manifest) ||
    manifest.schema_version !== 1
  ) {
    throw new Error('read manifest: its schema_version is not 1');
  }
  return manifest as Manifest; // written by manifestText; the version vouches for the shape
}
