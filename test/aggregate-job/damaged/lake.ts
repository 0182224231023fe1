import { type Manifest, manifestText, parseManifest } from '../../../shared/lake/manifest.ts';
import {
  archiveObjectName,
  leaseObjectName,
  manifestObjectName,
  planObjectName,
} from '../../../shared/lake/object-names.ts';
import { MemoryStore } from '../../shared/store/memory-store.ts';
import type { Trade } from '../chunks.ts';
import { runDay } from '../job.ts';
import { DATE, DAY_AFTER, DAY_BEFORE, DAY_START, SYMBOL } from '../market-day.ts';
import type { Dice } from './dice.ts';
import { recordedWhole, type SmallDay, smallDay } from './small-day.ts';

/** A symbol that nobody harms; it comes behind the other one. */
export const OTHER = 'ETHUSDT';
export const EXECUTION = 'job-x1';

export const ZIP = archiveObjectName(SYMBOL, DATE);
export const MANIFEST = manifestObjectName(SYMBOL, DATE);
export const MANIFEST_BEFORE = manifestObjectName(SYMBOL, DAY_BEFORE);
export const MANIFEST_AFTER = manifestObjectName(SYMBOL, DAY_AFTER);
export const LEASE = leaseObjectName(SYMBOL, DATE);
export const PLAN = planObjectName(EXECUTION);

/** What lies in the stores before the damage. */
export type Lake = { day: SmallDay; objects: Map<string, Buffer>; isTask: boolean };

/** Things made once for all lakes. */
export type Prepared = {
  /** A manifest as the job writes it, to make those of the neighbours from. */
  manifest: Manifest;
  /** Chunks of the other symbol, and what an undisturbed run makes of them. */
  other: Map<string, Buffer>;
  otherResults: Map<string, Buffer>;
};

export async function prepare(): Promise<Prepared> {
  const other = recordedWhole(OTHER, otherTrades());
  const store = new MemoryStore(other);
  await runDay({ store, settings: { symbols: [OTHER] } });
  const manifest = store.objects.get(manifestObjectName(OTHER, DATE));
  if (!manifest) throw new Error('prepare lake: the other symbol was not built');
  return { manifest: parseManifest(manifest.toString()), other, otherResults: new Map(store.objects) };
}

function otherTrades(): Trade[] {
  return Array.from({ length: 12 }, (_, i) => ({
    T: DAY_START + i * 1_000_000,
    price: `3${100 + i}.5`,
    quantity: '1.25',
    maker: i % 2 === 0,
    id: 700_000_000 + i,
    first: 10 * i,
    last: 10 * i + 1,
  }));
}

/** A day with its neighbours; in some lakes a part of it is built and archived already. */
export async function fillLake(dice: Dice, prepared: Prepared): Promise<Lake> {
  const day = smallDay(dice);
  const store = new MemoryStore(neighboursOf(dice, day, prepared.manifest));
  addAll(store.objects, prepared.other);
  const archived = dice.chance(0.45) ? await buildEarlier(dice, store, day) : new Set();
  for (const [name, bytes] of day.chunks) if (!archived.has(name)) store.objects.set(name, bytes);
  return { day, objects: store.objects, isTask: dice.chance(0.2) };
}

/** Builds a part of the day; returns the names of what the raw store no longer needs to hold. */
async function buildEarlier(dice: Dice, store: MemoryStore, { chunks }: SmallDay): Promise<Set<string>> {
  const names = [...chunks.keys()].filter(() => dice.chance(0.6));
  for (const name of names) store.objects.set(name, chunks.get(name) ?? Buffer.alloc(0));
  await runDay({ store, settings: { keepRaw: dice.chance(0.2) } });
  return new Set(names);
}

function neighboursOf(dice: Dice, { trades, closeBefore, nextDay }: SmallDay, manifest: Manifest) {
  const [first, last] = [trades[0]?.id ?? 0, trades.at(-1)?.id ?? 0];
  const objects = new Map<string, Buffer>();
  const before = {
    ...manifest.trades,
    last_id: first - 1,
    expected_last_id: dice.chance(0.5) ? first - 1 : null,
  };
  const after = { ...manifest.trades, first_id: last + 1 };
  const put = (name: string, changes: Partial<Manifest>): unknown =>
    objects.set(name, Buffer.from(manifestText({ ...manifest, symbol: SYMBOL, ...changes })));
  if (first > 0 && dice.chance(0.85))
    put(MANIFEST_BEFORE, { date: DAY_BEFORE, close: closeBefore, trades: before });
  if (dice.chance(0.2)) put(MANIFEST_AFTER, { date: DAY_AFTER, trades: after });
  if (dice.chance(0.8)) addAll(objects, nextDay);
  return objects;
}

function addAll(to: Map<string, Buffer>, from: ReadonlyMap<string, Buffer>): void {
  for (const [name, bytes] of from) to.set(name, bytes);
}
