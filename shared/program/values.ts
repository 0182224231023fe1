import { UsageError } from '../errors.ts';

/** Text as it is. */
export const text = (value: string): string => value;

/** A whole number from `min` to `max`. */
export function integer(
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): (value: string, name: string) => number {
  return (value, name) => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new UsageError(`${name} ${value}: not a whole number from ${min} to ${max}`);
  };
}

/** A number above 0. */
export function positive(value: string, name: string): number {
  if (/^\d+(\.\d+)?$/.test(value) && Number(value) > 0) return Number(value);
  throw new UsageError(`${name} ${value}: not a number above 0`);
}

/** Comma-separated items without blanks, each once; an empty list is a mistake. */
export function list(value: string, name: string): string[] {
  const items = value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (items.length === 0) throw new UsageError(`${name}: the list is empty, give at least one item`);
  return [...new Set(items)];
}

/** The address of a server, without a slash at its end. */
export function address(scheme: 'ws' | 'http'): (value: string, name: string) => string {
  return (value, name) => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const isBase = url && url.search === '' && url.hash === '';
    // As the parser writes it, so that credentials are known wherever the address turns up.
    if (isBase && new RegExp(`^${scheme}s?:$`).test(url.protocol)) return url.href.replace(/\/+$/, '');
    throw new UsageError(`${name} ${withoutSecrets(value)}: not an address, write ${scheme}s://HOST`);
  };
}

/** A wrong address without what may be a secret in it. */
function withoutSecrets(value: string): string {
  return value.replace(/^.*@/s, '***@').replace(/[?#].*$/s, '');
}
