import { errorText } from '../../shared/errors.ts';
import { ExchangeError } from '../../shared/exchange/request.ts';
import type { ExchangeRest } from '../../shared/exchange/rest.ts';
import type { Log } from '../../shared/program/log.ts';
import type { Store } from '../../shared/store/store.ts';
import { DAY_MINUTES, DAY_MS, dayStartMs } from '../../shared/time.ts';
import { type Epoch, verifiedEnds } from '../proof/epochs.ts';
import { addEvidence, type Evidence, NO_EVIDENCE, type VouchedId } from '../proof/evidence.ts';
import { type Edge, findEdge } from './day-edge.ts';
import { fetchKlines } from './fetch-klines.ts';
import { askNeighbours, neighbourEvidence } from './neighbours.ts';

/** Who can be asked about a symbol-day. Without `rest` the exchange is not asked. */
export type Witnesses = {
  raw: Store;
  results: Store;
  symbol: string;
  date: string;
  rest: ExchangeRest | undefined;
  /** The exchange's clock, ms. */
  nowMs: number;
  log: Log;
  /** Tells what concerns more than this day, once in a run. */
  warnOnce(message: string): void;
};

/**
 * Adds to `old` what is known now about the day: its neighbours first, the exchange only where they prove nothing. An exchange
 * that does not answer leaves the evidence as it is.
 */
export async function gatherEvidence(
  witnesses: Witnesses,
  old: Evidence,
  epochs: Epoch[],
): Promise<Evidence> {
  const { raw, results, symbol, date } = witnesses;
  const neighbours = await askNeighbours(raw, results, symbol, date, witnesses.warnOnce);
  const [first, last] = verifiedEnds(epochs);
  let evidence = addEvidence(old, {
    ...NO_EVIDENCE,
    seed: neighbours.seed,
    ...neighbourEvidence(neighbours, first, last),
  });
  for (const ask of [askFirst, askLast, askKlines]) {
    evidence = addEvidence(evidence, await unlessSilent(witnesses, () => ask(witnesses, evidence)));
  }
  return evidence;
}

async function askFirst({ rest, symbol, date, nowMs }: Witnesses, known: Evidence): Promise<Evidence> {
  if (!rest || known.expected_first) return NO_EVIDENCE;
  const startMs = dayStartMs(date);
  const edge = await findEdge(rest, symbol, startMs, nowMs);
  return { ...NO_EVIDENCE, expected_first: edge ? vouch(edge.after, startMs) : null };
}

async function askLast({ rest, symbol, date, nowMs }: Witnesses, known: Evidence): Promise<Evidence> {
  if (!rest || known.expected_last) return NO_EVIDENCE;
  const startMs = dayStartMs(date);
  const edge = await findEdge(rest, symbol, startMs + DAY_MS, nowMs);
  return { ...NO_EVIDENCE, expected_last: edge ? vouch(edge.before, startMs) : null };
}

/** The id of the day's own trade at an edge; null where the trade there is of another day, because this one has none. */
function vouch(trade: Edge['after'], startMs: number): VouchedId {
  return { id: isInDay(trade, startMs) ? (trade?.id ?? null) : null, source: 'exchange' };
}

function isInDay(trade: Edge['after'], startMs: number): boolean {
  return trade !== null && trade.timeMs >= startMs && trade.timeMs < startMs + DAY_MS;
}

async function askKlines({ rest, symbol, date }: Witnesses, known: Evidence): Promise<Evidence> {
  if (!rest || known.klines?.length === DAY_MINUTES) return NO_EVIDENCE;
  const { klines, closeBefore } = await fetchKlines(rest, symbol, dayStartMs(date));
  return {
    ...NO_EVIDENCE,
    klines: klines.length > 0 ? klines : null,
    seed: closeBefore === null ? null : { close: closeBefore, source: 'kline' },
  };
}

async function unlessSilent(
  { symbol, date, log }: Witnesses,
  ask: () => Promise<Evidence>,
): Promise<Evidence> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    log.warn({ symbol, date }, `${errorText(error)}; the day is built without its word`);
    return NO_EVIDENCE;
  }
}
