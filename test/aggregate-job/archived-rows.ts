import { unzipSync } from 'fflate';
import { type Objects, zipIn } from './job.ts';

/** The entries of a day's zip as text, read by a zip reader that is not the job's. */
export function archivedTexts(objects: Objects, date?: string): Map<string, string> {
  const entries = unzipSync(zipIn(objects, date));
  return new Map(Object.entries(entries).map(([name, bytes]) => [name, Buffer.from(bytes).toString()]));
}

/** Every archived trade's id, in the order of the entries, of one writer or of all. */
export function archivedIds(objects: Objects, writer?: string): number[] {
  return [...archivedTexts(objects)]
    .filter(([name]) => name.startsWith('trades/') && (writer === undefined || name.includes(`_${writer}_`)))
    .flatMap(([, text]) => text.trim().split('\n').slice(1))
    .map((line) => Number(line.split(',')[4]));
}
