// Apart from `time.ts`, because loading these takes longer than Node takes to start, and threads that scan need none of them.
import { isValid } from 'date-fns/isValid';
import { parseISO } from 'date-fns/parseISO';
import { UsageError } from './errors.ts';

/** The text itself when it is a calendar date, else a {@link UsageError} that names `option`. */
export function requireDate(text: string, option: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && isValid(parseISO(text))) return text;
  throw new UsageError(`${option} ${text}: not a calendar date, write it as YYYY-MM-DD, e.g. 2024-07-19`);
}
