// Damages days and judges them: `days.ts FIRST-SEED COUNT`, or `days.ts SEED` for one in full. Prints one JSON line: what was
// seen of each kind of damage, what must not be, and the most memory it took.

import { startThreads } from '../../../../aggregate-job/threads/threads.ts';
import { peakMemoryBytes } from '../../../shared/child/peak-memory.ts';
import { isKnown } from '../known-faults.ts';
import { prepare } from '../lake.ts';
import { type Plan, planOf, runTrial, shrink } from '../trial.ts';

const [first, count = 1] = process.argv.slice(2).map(Number);
if (first === undefined) throw new Error('days.ts: name a seed');
const threads = startThreads(2);
const prepared = await prepare();
const seen: Record<string, Record<string, number>> = {};
const faults: { plan: Plan; faults: string[] }[] = [];
const expected: { seed: number; damages: string[]; fault: string }[] = [];
const newIn = (plan: Plan, found: string[]): string[] => found.filter((fault) => !isKnown(plan, fault));
const faultsOf = async (plan: Plan): Promise<string[]> =>
  newIn(plan, (await runTrial(plan, prepared, threads)).faults);

for (let seed = first; seed < first + count; seed++) {
  const plan = planOf(seed);
  const outcome = await runTrial(plan, prepared, threads);
  for (const damage of outcome.damages) {
    const verdicts = seen[damage] ?? {};
    seen[damage] = { ...verdicts, [outcome.verdict]: (verdicts[outcome.verdict] ?? 0) + 1 };
  }
  const known = outcome.faults.filter((fault) => isKnown(plan, fault));
  if (known[0] !== undefined) expected.push({ seed, damages: outcome.damages, fault: known[0] });
  if (known.length === outcome.faults.length) continue;
  const least = await shrink(plan, async (less) => (await faultsOf(less)).length > 0);
  faults.push({ plan: least, faults: await faultsOf(least) });
}
await threads.close();
process.stdout.write(`${JSON.stringify({ seen, faults, expected, peakBytes: peakMemoryBytes() })}\n`);
