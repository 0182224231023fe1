import { barsProgram } from '../bars/program.ts';
import type { Bench } from '../bench.ts';
import { standardDay } from '../day/standard-day.ts';
import { alternate, median } from '../program/alternate.ts';
import type { Program } from '../program/run.ts';
import { headLine, measureLine } from '../report.ts';

const DAYS = [0.25, 0.5, 1, 2, 4];

/** Bars of symbol-days that hold a quarter to four times the rows of the standard day. */
export async function measureGrowth({ run, times, folder, note, print }: Bench): Promise<void> {
  const programs: Program[] = [];
  for (const days of DAYS) {
    const store = await standardDay(days, () => note(`making ${days} standard days`));
    programs.push(barsProgram(`${days} standard days in one`, store, folder));
  }
  const measured = await alternate(programs, run, times, ({ name }, round) => note(`${name}, run ${round}`));
  print(headLine('growth', 'a day'));
  const perDay = (index: number): number =>
    median(measured[index]?.runs.map(({ seconds }) => seconds) ?? []) / (DAYS[index] ?? Number.NaN);
  for (const [i, line] of measured.entries())
    print(measureLine(line, perDay(i) / perDay(DAYS.indexOf(1)), ''));
}
