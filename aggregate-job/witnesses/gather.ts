import { errorText } from '../../shared/errors.ts';
import { ExchangeError } from '../../shared/exchange/request.ts';
import type { ExchangeRest } from '../../shared/exchange/rest.ts';
import type { Log } from '../../shared/program/log.ts';
import type { Store } from '../../shared/store/store.ts';
import { DAY_MINUTES, DAY_MS, dayStartMs } from '../../shared/time.ts';
import type { Epoch } from '../proof/epochs.ts';
import { addEvidence, type Evidence, NO_EVIDENCE, type VouchedId } from '../proof/evidence.ts';
import type { IdRange } from '../proof/id-ranges.ts';
import { type Edge, findEdge } from './day-edge.ts';
import { fetchKlines } from './fetch-klines.ts';
import { askNeighbours, type Held, heldIn, neighbourEvidence } from './neighbours.ts';

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
 * that does not answer leaves the evidence as it is. An end that the rows contradict is asked for anew, and stays where nobody says otherwise.
 */
export async function gatherEvidence(
  witnesses: Witnesses,
  old: Evidence,
  epochs: Epoch[],
): Promise<Evidence> {
  const { raw, results, symbol, date } = witnesses;
  const held = heldIn(epochs);
  const neighbours = await askNeighbours(raw, results, symbol, date, held.last, witnesses.warnOnce);
  let evidence = addEvidence(withoutDoubtful(old, held), {
    ...NO_EVIDENCE,
    seed: neighbours.seed,
    ...neighbourEvidence(neighbours, held),
  });
  for (const ask of [askFirst, askLast, askKlines]) {
    evidence = addEvidence(evidence, await unlessSilent(witnesses, () => ask(witnesses, evidence)));
  }
  return {
    ...evidence,
    expected_first: unlessKnownBetter(old.expected_first, evidence.expected_first),
    expected_last: unlessKnownBetter(old.expected_last, evidence.expected_last),
  };
}

/** Without the ends at which the day's rows do not end: rows that lie beyond or are not there speak against whoever vouched for them. */
function withoutDoubtful(old: Evidence, { first, last }: Held): Evidence {
  const ifHeld = (end: VouchedId | null, id: number | null): VouchedId | null =>
    end?.id === id ? end : null;
  return {
    ...old,
    expected_first: ifHeld(old.expected_first, first),
    expected_last: ifHeld(old.expected_last, last),
  };
}

/** What was known stays where nobody says otherwise. */
function unlessKnownBetter(old: VouchedId | null, now: VouchedId | null): VouchedId | null {
  return old && (now === null || now.id === old.id) ? old : now;
}

async function askFirst({ rest, symbol, date, nowMs }: Witnesses, known: Evidence): Promise<Evidence> {
  if (!rest || known.expected_first) return NO_EVIDENCE;
  const startMs = dayStartMs(date);
  const edge = await findEdge(rest, symbol, startMs, nowMs);
  if (!edge) return NO_EVIDENCE;
  const others = swappedIds(edge, (timeMs) => timeMs < startMs);
  return { ...NO_EVIDENCE, expected_first: vouch(edge.after, startMs), ...others };
}

async function askLast({ rest, symbol, date, nowMs }: Witnesses, known: Evidence): Promise<Evidence> {
  if (!rest || known.expected_last) return NO_EVIDENCE;
  const startMs = dayStartMs(date);
  const edge = await findEdge(rest, symbol, startMs + DAY_MS, nowMs);
  if (!edge) return NO_EVIDENCE;
  const others = swappedIds(edge, (timeMs) => timeMs >= startMs + DAY_MS);
  return { ...NO_EVIDENCE, expected_last: vouch(edge.before, startMs), ...others };
}

/** The ids at an edge that are the other day's, though they lie between this day's own. */
function swappedIds(
  { swapped = [] }: Edge,
  isOther: (timeMs: number) => boolean,
): Pick<Evidence, 'elsewhere'> {
  const others = swapped.filter(({ timeMs }) => isOther(timeMs));
  return others.length > 0 ? { elsewhere: others.map(({ id }): IdRange => [id, id]) } : {};
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
