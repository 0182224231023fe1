import * as v from 'valibot';
import { leaseObjectName } from '../../shared/lake/object-names.ts';
import { checked } from '../../shared/lake/read-json.ts';
import type { Log } from '../../shared/program/log.ts';
import type { Store } from '../../shared/store/store.ts';
import type { Clock } from '../../shared/time.ts';

/** Who holds a lease: `process` on `host`, or a task of a job execution. */
export type Owner = v.InferOutput<typeof OWNER>;
const OWNER = v.object({
  host: v.string(),
  process: v.pipe(v.number(), v.safeInteger(), v.minValue(1)), // 0 and below are groups of processes
  task: v.string(),
});

type Lease = v.InferOutput<typeof LEASE>;
const LEASE = v.object({ owner: OWNER, expires_at: v.pipe(v.string(), v.isoTimestamp()) });

/** What taking leases needs. */
export type LeaseContext = {
  results: Store;
  owner: Owner;
  clock: Clock;
  /** True for an owner that is known to be gone: a dead process of this host, an earlier try of this task. */
  isGone(owner: Owner): boolean;
  log: Pick<Log, 'info' | 'warn'>;
};

const LEASE_MS = 120_000;
const RENEW_MS = LEASE_MS / 4;
const POLL_MS = 1_000;

/**
 * Runs `work` while no other run works on the same symbol-day; waits for one that does. The lease spares work that would be
 * done twice; what is stored is safe without it, since every write names the generation it replaces.
 */
export async function withLease<T>(
  context: LeaseContext,
  symbol: string,
  date: string,
  work: () => Promise<T>,
): Promise<T> {
  const name = leaseObjectName(symbol, date);
  let generation = await takeLease(context, `${symbol} ${date}`, name);
  const ended = new AbortController();
  const renewing = (async () => {
    for (;;) {
      await context.clock.sleep(RENEW_MS, ended.signal).catch(() => {});
      if (ended.signal.aborted) return;
      // a renewal that fails is tried again the next time, and an unrenewed lease expires, which is safe
      const renewed = context.results.replace(name, leaseBytes(context), generation);
      generation = (await renewed.catch(() => undefined)) ?? generation;
    }
  })();
  try {
    return await work();
  } finally {
    ended.abort();
    await renewing;
    await context.results.remove(name, generation).catch(() => false); // an abandoned one expires too
  }
}

/**
 * Waits until the lease is free. Clocks differ, and text can say anything: a lease is believed no longer than it lasts, counted by our own
 * waiting from when it was last seen to change. Its holder renews it four times as often.
 */
async function takeLease(context: LeaseContext, work: string, name: string): Promise<string> {
  const { results, clock, log } = context;
  let told = '';
  let seen = { generation: '', waitedMs: 0 };
  for (;;) {
    const created = await results.create(name, leaseBytes(context));
    if (created !== undefined) return created;
    const held = await results.read(name);
    if (!held) continue;
    if (held.generation !== seen.generation) seen = { generation: held.generation, waitedMs: 0 };
    const lease = parseLease(held.bytes.toString());
    const isStale = seen.waitedMs >= LEASE_MS;
    if (!lease || isStale || isFree(context, lease)) {
      const taken = await results.replace(name, leaseBytes(context), held.generation);
      if (taken !== undefined && lease && isStale)
        log.warn(`take over ${work} from ${ownerText(lease)}: not renewed for ${LEASE_MS / 1_000} s`);
      if (taken !== undefined) return taken;
      continue;
    }
    if (told !== ownerText(lease))
      log.info(`wait for ${work}: ${ownerText(lease)} is at it, until ${lease.expires_at}`);
    told = ownerText(lease);
    await clock.sleep(POLL_MS);
    seen.waitedMs += POLL_MS;
  }
}

function ownerText({ owner: { host, process, task } }: Lease): string {
  const text = `process ${process} on ${host}${task === '' ? '' : ` (${task})`}`;
  return text.slice(0, 200);
}

function leaseBytes({ owner, clock }: LeaseContext): Buffer {
  const lease: Lease = { owner, expires_at: new Date(clock.now() + LEASE_MS).toISOString() };
  return Buffer.from(`${JSON.stringify(lease)}\n`);
}

function isFree({ clock, isGone }: LeaseContext, { owner, expires_at }: Lease): boolean {
  return Date.parse(expires_at) <= clock.now() || isGone(owner);
}

/** Undefined for text that is no lease, which then holds nothing. */
function parseLease(text: string): Lease | undefined {
  try {
    return checked(LEASE, JSON.parse(text));
  } catch {
    return undefined;
  }
}
