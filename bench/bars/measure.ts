import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import { DATE, SYMBOL } from '../day/name.ts';
import { standardDay } from '../day/standard-day.ts';
import { alternate, ratio } from '../program/alternate.ts';
import type { Program } from '../program/run.ts';
import { headLine, measureLine } from '../report.ts';
import { barsProgram } from './program.ts';
import { requireSameBars } from './same-bars.ts';

/** Bars of the standard day by this job, by the tools people would otherwise take, and by unpacking alone. */
export async function measureBars({ tools, run, times, folder, note, print }: Bench): Promise<void> {
  const store = await standardDay(1, () => note('making the standard day'));
  const day = join(store, `raw/${SYMBOL}/${DATE}`);
  const program = (file: string): string => join(import.meta.dirname, file);
  const out = (name: string): string => join(folder, `${name}.csv`);
  const ours = barsProgram('tapelake', store, folder);
  const floor: Program = { name: 'unpack only', command: 'node', args: [program('floor.ts'), day] };
  const others: (Program & { out: string })[] = [
    ...(tools.has.duckdb ? [duckdb(out('duckdb'))] : []),
    ...(tools.python === undefined
      ? []
      : [
          python('Polars', 'polars_bars.py', [day, out('polars')]),
          python('pandas, best', 'pandas_bars.py', ['best', day, out('pandas-best')]),
          python('pandas, json.loads', 'pandas_bars.py', ['plain', day, out('pandas')]),
        ]),
  ];
  function duckdb(file: string): Program & { out: string } {
    const args = [program('duckdb.ts'), tools.npmFolder, day, file];
    return { name: 'DuckDB', command: 'node', args, out: file };
  }
  function python(name: string, file: string, args: string[]): Program & { out: string } {
    return { name, command: 'python', args: [program(file), ...args], out: args.at(-1) ?? '' };
  }

  const programs = [floor, ours, ...others];
  const measured = await alternate(programs, run, times, ({ name }, round) => note(`${name}, run ${round}`));
  for (const other of others) requireSameBars(join(folder, `aggregated/${SYMBOL}/${DATE}_1s.csv`), other.out);

  print(headLine(`bars of the day`, 'to ours'));
  const own = measured[1];
  for (const line of measured) {
    const isOther = line !== own && line !== measured[0];
    print(measureLine(line, own && line !== own ? ratio(line, own) : undefined, isOther ? 'equal' : ''));
  }
}
