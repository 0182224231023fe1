import { MAX_ID, MAX_PLACES, MAX_WHOLE_DIGITS } from '../../shared/limits.ts';

/** Why a frame is no row. */
export class Unreadable extends Error {
  override name = 'Unreadable';
}

// No leading zeros: the text must also be a JSON number, since a book keeps its digits as one.
const DECIMAL = new RegExp(`^(?:0|[1-9]\\d{0,${MAX_WHOLE_DIGITS - 1}})(?:\\.\\d{1,${MAX_PLACES}})?$`);
/** Years 2000 to 2099: anything else is damage, and would not be a day of four digits. */
const FIRST_MS = 946_684_800_000;
const END_MS = 4_102_444_800_000;

/** A whole number from 0 on, as ids are. */
export function integer(value: unknown, key: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_ID) return value;
  throw new Unreadable(`${key} is not a whole number`);
}

/** A time in ms since 1970. */
export function time(value: unknown, key: string): number {
  const timeMs = integer(value, key);
  if (isTime(timeMs)) return timeMs;
  throw new Unreadable(`${key} is not a time`);
}

/** True for a time that lies in the years 2000 to 2099. */
export function isTime(timeMs: number): boolean {
  return timeMs >= FIRST_MS && timeMs < END_MS;
}

/** A symbol as text; the stream decides whether it is the right one. */
export function symbol(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new Unreadable('s is not text');
}

/** A plain decimal in text (`63943.90`), within the limits, just as it is. */
export function decimal(value: unknown, key: string): string {
  if (typeof value === 'string' && DECIMAL.test(value)) return value;
  throw new Unreadable(`${key} is not a decimal number`);
}
