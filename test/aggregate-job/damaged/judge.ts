import { errorText } from '../../../shared/errors.ts';
import { type Manifest, parseManifest } from '../../../shared/lake/manifest.ts';
import { rawDayPrefix } from '../../../shared/lake/object-names.ts';
import { DATE, DAY_AFTER, SYMBOL } from '../market-day.ts';
import type { Damage } from './damage.ts';
import { archiveFaults } from './judge-archive.ts';
import { barFaults } from './judge-bars.ts';
import { manifestFaults } from './judge-manifest.ts';
import { type Lake, LEASE, MANIFEST, OTHER, PLAN, type Prepared, ZIP } from './lake.ts';
import type { Ran } from './trial.ts';

type Objects = ReadonlyMap<string, Buffer>;

/** Everything a verdict needs. */
export type Case = {
  lake: Lake;
  prepared: Prepared;
  damages: readonly Damage[];
  /** The stores before and after the damage, and what the run made of them. */
  undamaged: Objects;
  before: Objects;
  ran: Ran;
  /** Builds the day alone, without a plan. */
  rebuild(objects: Objects): Promise<Ran>;
};

const EMPTY = Buffer.alloc(0);
const RAW = rawDayPrefix(SYMBOL, DATE);
const DAY_RESULTS = [MANIFEST.slice(0, -'manifest.json'.length), ZIP];

/** What must never be, whatever was damaged; an empty list where all is well. */
export async function judge(it: Case): Promise<{ verdict: string; faults: string[] }> {
  const { ran, before } = it;
  if (ran.code === undefined) return { verdict: 'run failed', faults: runFaults(it) };
  const faults = [...unclearErrors(ran), ...otherFaults(it), ...strangeChanges(it)];
  if (isRefused(ran)) return { verdict: 'refused', faults: [...faults, ...refusalFaults(it)] };
  const text = ran.objects.get(MANIFEST);
  const isUntouched = text === undefined || text.equals(before.get(MANIFEST) ?? EMPTY);
  if (before.has(PLAN) && isUntouched) return { verdict: 'not planned', faults }; // others may do it
  if (!text) return { verdict: 'nothing', faults: [...faults, 'no error, and no manifest'] };
  const manifest = parseManifest(text.toString());
  if (hasFailed(ran) && !before.has(PLAN)) faults.push('the day is built, and the run says that it failed');
  faults.push(
    ...archiveFaults(it.undamaged, before, ran.objects),
    ...manifestFaults(manifest, ran.objects),
    ...barFaults(manifest, ran.objects, it),
    ...(await rebuildFaults(it, manifest)),
  );
  return { verdict: manifest.verdict, faults };
}

/** A plan that cannot be read is refused before anything is done; nothing else ends a run. */
function runFaults({ ran, before }: Case): string[] {
  const text = errorText(ran.error);
  const isRefusedPlan = before.has(PLAN) && text.startsWith('read plan ') && !isProgrammersError(text);
  return isRefusedPlan ? [] : [`the run failed: ${text.slice(0, 300)}`];
}

/** Of the day itself; a plan may name others. */
function isRefused({ log }: Ran): boolean {
  return log.some(({ severity, symbol, date }) => severity === 'ERROR' && symbol === SYMBOL && date === DATE);
}

/** The day behind has a manifest and nothing to build it from: where this day makes it outdated, that one alone may fail. */
function hasFailed({ code, log }: Pick<Ran, 'code' | 'log'>): boolean {
  const failed = log.filter(({ severity }) => severity === 'ERROR');
  return code !== 0 && (failed.length === 0 || failed.some(({ date }) => date !== DAY_AFTER));
}

/** Messages of V8 say that nobody thought of this. */
function unclearErrors({ log }: Ran): string[] {
  const messages = log.filter(({ stack }) => stack !== undefined).map(({ message }) => String(message));
  return messages.filter(isProgrammersError).map((message) => `unclear error: ${message.slice(0, 300)}`);
}

const isProgrammersError = (text: string): boolean =>
  /Cannot (read|convert|mix|destructure)|is not (a function|iterable|defined)|Invalid (array|typed|string|time)|call stack|out of range|properties of undefined/.test(
    text,
  );

function otherFaults({ ran, prepared, before }: Case): string[] {
  if (before.has(PLAN)) return []; // a plan may say that others do it
  const wrong = [...prepared.otherResults].filter(([name, bytes]) => !ran.objects.get(name)?.equals(bytes));
  return wrong.map(([name]) => `${name} is not what it is without the damage`);
}

/** What is not of the day stays as it was, and so does the lease of nobody. */
function strangeChanges({ before, ran }: Case): string[] {
  const isOurs = (name: string): boolean =>
    name.startsWith(RAW) || DAY_RESULTS.some((prefix) => name.startsWith(prefix)) || name === LEASE;
  const kept = [...before].filter(([name]) => !isOurs(name) && !name.startsWith(`raw/${OTHER}/`));
  const changed = kept.filter(([name, bytes]) => !ran.objects.get(name)?.equals(bytes));
  const faults = changed.map(([name]) => `${name} was changed`);
  return ran.objects.has(LEASE) ? [...faults, 'the lease was left behind'] : faults;
}

/** A day is refused only where what it is built on is damaged, or a chunk of its zip is another one now; and then all of it stays as it was. */
function refusalFaults({ before, ran, damages }: Case): string[] {
  const why = ran.log.filter(({ stack }) => stack !== undefined).map(({ message }) => String(message));
  const isAllowed =
    damages.some(({ mayRefuse }) => mayRefuse) || why.every((text) => text.includes(': it differs from '));
  const names = new Set([...before.keys(), ...ran.objects.keys()]);
  const isOfDay = (name: string): boolean =>
    name.startsWith(RAW) || DAY_RESULTS.some((prefix) => name.startsWith(prefix));
  const changed = [...names].filter(
    (name) => isOfDay(name) && !ran.objects.get(name)?.equals(before.get(name) ?? EMPTY),
  );
  return [
    ...(isAllowed ? [] : [`the day was refused: ${why.join('; ').slice(0, 300)}`]),
    ...changed.map((name) => `the day was refused, and ${name} was changed`),
  ];
}

/** From the zip alone, and again where it lies, the day is the same to the byte. */
async function rebuildFaults({ ran, rebuild }: Case, manifest: Manifest): Promise<string[]> {
  const names = [MANIFEST, ZIP, ...manifest.outputs.map(({ name }) => name)];
  const zip = new Map([...ran.objects].filter(([name]) => name === ZIP));
  const ways: [how: string, objects: Objects][] = [
    ['from its zip alone', zip],
    ['again where it lies', ran.objects],
  ];
  const faults: string[] = [];
  for (const [how, objects] of ways) {
    const again = await rebuild(objects);
    const differing = names.filter(
      (name) => !again.objects.get(name)?.equals(ran.objects.get(name) ?? EMPTY),
    );
    if (hasFailed(again)) faults.push(`built ${how}: ${JSON.stringify(again.log.at(-1)?.['message'])}`);
    else faults.push(...differing.map((name) => `built ${how}: ${name} differs`));
  }
  return faults;
}
