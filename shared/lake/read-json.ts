import * as v from 'valibot';
import { MAX_ID, PRICE_TEXT } from '../limits.ts';
import { isDate } from '../time.ts';

// What lies in the store was written by us, or by an older or newer version of us, or cut, or by somebody else: nothing of it is
// believed before it was checked.

/** A number of things. */
export const COUNT = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** An id of a trade. */
export const ID = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_ID));
/** Ids, both ends included. */
export const ID_RANGE = v.pipe(
  v.tuple([ID, ID]),
  v.check(([from, to]) => from <= to, 'it ends before it begins'),
);
/** A calendar date, `YYYY-MM-DD`. */
export const DATE = v.pipe(v.string(), v.check(isDate, 'no date'));
/** A price as text: plain digits within the limits, since it may become a bar's. */
export const PRICE = v.pipe(v.string(), v.regex(PRICE_TEXT, 'no plain decimal number'));
/** A sum as text. */
export const SUM = v.pipe(v.string(), v.regex(/^-?\d+(\.\d+)?$/, 'no plain decimal number'));

/**
 * Reads JSON text of a schema with a `schema_version`. Keys that are not known are left out.
 * @throws Error that names the first place where it is something else: `trades.rows: Expected number but received "x"`
 */
export function readJson<Schema extends v.GenericSchema<unknown, { schema_version: number }>>(
  schema: Schema,
  version: number,
  text: string,
): v.InferOutput<Schema> {
  const value: unknown = JSON.parse(text);
  if (!v.is(v.object({ schema_version: v.literal(version) }), value))
    throw new Error(`its schema_version is not ${version}`);
  return checked(schema, value);
}

/** The value, checked. @throws Error as {@link readJson} */
export function checked<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const place = v.getDotPath(issue);
  throw new Error(`${place === null ? '' : `${short(place)}: `}${short(issue.message)}`);
}

/** Most of a message may be what was received. */
const MAX_LETTERS = 120;

function short(text: string): string {
  return text.length > MAX_LETTERS ? `${text.slice(0, MAX_LETTERS)}…` : text;
}
