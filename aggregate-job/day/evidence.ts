import type { RestKline } from '../../shared/binance/wire.ts';
import type { Seed } from '../../shared/schema/manifest.ts';

/** An id the exchange or a neighbouring day vouches for; null for a day without trades. */
export type VouchedId = { id: number | null; source: 'neighbours' | 'exchange' };

/**
 * What the world told us about a symbol-day besides its rows. It lies in the day's zip, so that the day can be built again
 * to the same bytes when nobody can be asked any more.
 */
export type Evidence = {
  schema_version: 1;
  seed: Seed | null;
  expected_first: VouchedId | null;
  expected_last: VouchedId | null;
  /** SHA-256 of the list of inputs of an earlier build, all of which this zip holds too; see earlier-inputs.ts. */
  earlier_inputs?: string;
  /** The day's official 1m klines as fetched. */
  klines: RestKline[] | null;
};

/** Nothing is known. */
export const NO_EVIDENCE: Evidence = {
  schema_version: 1,
  seed: null,
  expected_first: null,
  expected_last: null,
  klines: null,
};

/**
 * Older evidence with what is known now added. What was proven once stays as it is, so that a rebuild gives the same bytes; only
 * the seed follows the previous day's manifest, because that day may have been mended since.
 */
export function addEvidence(old: Evidence, now: Evidence): Evidence {
  const isMended = old.seed?.source === 'manifest' && now.seed?.source === 'manifest';
  return {
    schema_version: 1,
    seed: isMended ? now.seed : (old.seed ?? now.seed),
    expected_first: old.expected_first ?? now.expected_first,
    expected_last: old.expected_last ?? now.expected_last,
    klines: addKlines(old.klines, now.klines),
  };
}

function addKlines(old: RestKline[] | null, now: RestKline[] | null): RestKline[] | null {
  if (!old || !now) return old ?? now;
  const byTime = new Map([...now, ...old].map((kline) => [kline[0], kline]));
  return [...byTime.values()].sort(([a], [b]) => a - b);
}

/** The evidence as it is stored. */
export function evidenceText(evidence: Evidence): string {
  const { klines, ...rest } = evidence;
  const rows = klines
    ? `[\n${klines.map((kline) => `    ${JSON.stringify(kline)}`).join(',\n')}\n  ]`
    : 'null';
  return `${JSON.stringify(rest, null, 2).slice(0, -2)},\n  "klines": ${rows}\n}\n`;
}

/** Reads stored evidence. @throws Error when it is none of this version. */
export function parseEvidence(text: string): Evidence {
  const evidence: unknown = JSON.parse(text);
  if (
    typeof evidence !== 'object' ||
    evidence === null ||
    !('schema_version' in evidence) ||
    evidence.schema_version !== 1
  ) {
    throw new Error('read evidence: its schema_version is not 1');
  }
  return evidence as Evidence; // written by evidenceText; the version vouches for the shape
}
