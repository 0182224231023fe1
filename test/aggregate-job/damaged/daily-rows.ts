import { barsObjectName } from '../../../shared/lake/object-names.ts';
import { DATE, SYMBOL } from '../market-day.ts';

/** The day's 1m bars, a record each. */
export function dailyRows(objects: ReadonlyMap<string, Buffer>): Record<string, string>[] {
  const text = objects.get(barsObjectName(SYMBOL, DATE, '1m'))?.toString() ?? '';
  const [header = '', ...lines] = text.trimEnd().split('\n');
  const names = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']));
  });
}
