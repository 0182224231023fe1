import * as bytes from './byte-damages.ts';
import { type Damage, type Hit, ofObject } from './damage.ts';
import type { Dice } from './dice.ts';
import { anotherNumber, anotherText, anotherValue } from './hostile-json.ts';
import { type Lake, LEASE, MANIFEST, MANIFEST_AFTER, MANIFEST_BEFORE, PLAN } from './lake.ts';

const neighbour = (change: Parameters<typeof ofObject>[1]): Hit => {
  const [before, after] = [ofObject(MANIFEST_BEFORE, change), ofObject(MANIFEST_AFTER, change)];
  return (lake, dice) => (dice.chance(0.7) ? before : after)(lake, dice);
};

/** What may happen to manifests, leases and plans. A number changed by damage alone looks like a true one. */
export const OBJECT_DAMAGES = {
  "neighbour's manifest of another text": { hit: neighbour(anotherText) },
  "neighbour's manifest with another value": { hit: neighbour(anotherValue), lie: 'ends' },
  "neighbour's manifest with another number": { hit: neighbour(anotherNumber), lie: 'ends' },
  "neighbour's manifest cut": { hit: neighbour(bytes.cut) },
  "neighbour's manifest with a flipped bit": { hit: neighbour(bytes.bitFlipped), lie: 'ends' },
  "neighbour's manifest all zeros": { hit: neighbour(bytes.allZeros) },
  'manifest of another text': { hit: ofObject(MANIFEST, anotherText), mayRefuse: true },
  'manifest with another value': { hit: ofObject(MANIFEST, anotherValue), mayRefuse: true },
  'manifest with another number': { hit: ofObject(MANIFEST, anotherNumber), mayRefuse: true },
  'manifest cut': { hit: ofObject(MANIFEST, bytes.cut), mayRefuse: true },
  'manifest with a flipped bit': { hit: ofObject(MANIFEST, bytes.bitFlipped), mayRefuse: true },
  'manifest gone': { hit: ({ objects }) => objects.delete(MANIFEST) },
  'manifest of another day': { hit: manifestOfAnotherDay, mayRefuse: true },
  'lease of another text': { hit: withLease('null', anotherText) },
  'lease of one who is gone': { hit: withLease(lease('2024-07-19T00:20:30Z')) },
  'lease that ended': { hit: withLease(lease('2024-07-18T23:00:00Z')) },
  'lease until 2099': { hit: withLease(lease('2099-01-01T00:00:00Z')) },
  'lease with another value': { hit: withLease(lease('2024-07-19T00:20:30Z'), anotherValue) },
  'plan of another text': { hit: withPlan(anotherText), mayRefuse: true },
  'plan with another value': { hit: withPlan(anotherValue), mayRefuse: true },
  'plan cut': { hit: withPlan(bytes.cut), mayRefuse: true },
} satisfies Record<string, Damage>;

function manifestOfAnotherDay({ objects }: Lake): boolean {
  const [mine, other] = [objects.get(MANIFEST), objects.get(MANIFEST_BEFORE)];
  if (mine && other) objects.set(MANIFEST, other);
  return mine !== undefined && other !== undefined;
}

function lease(expiresAt: string): string {
  return JSON.stringify({ owner: { host: 'there', process: 1, task: '' }, expires_at: expiresAt });
}

function withLease(text: string, change = (whole: Buffer, _: Dice): Buffer => whole): Hit {
  return ({ objects }, dice) => {
    objects.set(LEASE, change(Buffer.from(text), dice));
    return true;
  };
}

/** Another try of this execution made the plan; without a task nobody looks for one. */
function withPlan(change: (whole: Buffer, dice: Dice) => Buffer): Hit {
  return (lake, dice) => {
    const days = ['BTCUSDT', 'ETHUSDT'].map((symbol) => ({ symbol, bytes: 1, dates: ['2024-07-18'] }));
    lake.objects.set(PLAN, change(Buffer.from(JSON.stringify({ schema_version: 1, tasks: [days] })), dice));
    lake.isTask = true;
    return true;
  };
}
