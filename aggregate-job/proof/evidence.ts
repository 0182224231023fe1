import * as v from 'valibot';
import { isKline } from '../../shared/exchange/rest.ts';
import type { RestKline } from '../../shared/exchange/wire.ts';
import { SEED } from '../../shared/lake/manifest.ts';
import { ID, ID_RANGE, readJson } from '../../shared/lake/read-json.ts';
import { joinRanges } from './id-ranges.ts';

/** An id the exchange or a neighbouring day vouches for; null for a day without trades. */
export type VouchedId = v.InferOutput<typeof VOUCHED_ID>;
const VOUCHED_ID = v.object({ id: v.nullable(ID), source: v.picklist(['neighbours', 'exchange']) });

const EVIDENCE = v.object({
  schema_version: v.literal(1),
  seed: v.nullable(SEED),
  expected_first: v.nullable(VOUCHED_ID),
  expected_last: v.nullable(VOUCHED_ID),
  /** Ids between the day's own that a neighbouring day holds: around midnight times may run against the ids. */
  elsewhere: v.exactOptional(v.array(ID_RANGE)),
  /** The day's official 1m klines as fetched. */
  klines: v.nullable(v.array(v.custom<RestKline>(isKline, 'no kline'))),
});

/**
 * What the world told us about a symbol-day besides its rows. It lies in the day's zip, so that the day can be built again
 * to the same bytes when nobody can be asked any more.
 */
export type Evidence = v.InferOutput<typeof EVIDENCE>;

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
  const elsewhere = joinRanges([...(old.elsewhere ?? []), ...(now.elsewhere ?? [])]);
  return {
    schema_version: 1,
    seed: isMended ? now.seed : (old.seed ?? now.seed),
    expected_first: old.expected_first ?? now.expected_first,
    expected_last: old.expected_last ?? now.expected_last,
    ...(elsewhere.length > 0 ? { elsewhere } : {}),
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

/** Reads stored evidence. @throws Error that names what of it is none of this version. */
export function parseEvidence(text: string): Evidence {
  return readJson(EVIDENCE, 1, text);
}
