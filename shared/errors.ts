import { types } from 'node:util';
import { withoutCredentials } from './credentials.ts';

/** A mistake of the person who started the program: one clear line that names the fix, exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** The text of anything thrown, with the texts of its causes: `read chunk x: unexpected end of gzip`. */
export function errorText(error: unknown): string {
  if (!isError(error)) return String(error);
  const { message, cause } = error;
  const ownText = message || partsText(error) || errorCode(error) || error.name;
  if (cause === undefined || cause === error) return ownText;
  const causeText = errorText(cause);
  return ownText.includes(causeText) ? ownText : `${ownText}: ${causeText}`;
}

/** Node's error code (`ENOENT`, ...) or undefined. */
export function errorCode(error: unknown): string | undefined {
  return isError(error) && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Runs `work`; what it throws is told as "verb object: cause". */
export async function doing<T>(verb: string, object: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new Error(`${verb} ${object}: ${errorText(cause)}`, { cause });
  }
}

/** True for errors of every realm: `instanceof` misses Node's own where the program runs in a context of its own, as tests do. */
const isError = (error: unknown): error is Error => types.isNativeError(error);

/** A connection that failed on several addresses says so in its parts alone. */
function partsText(error: Error): string {
  return 'errors' in error && Array.isArray(error.errors) ? error.errors.map(errorText).join(', ') : '';
}

/** Runs a program to its end: a {@link UsageError} is one line on stderr and exit code 2, any other error exit code 1. */
export async function runMain(main: () => Promise<number | undefined>): Promise<void> {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    process.stderr.write(`${withoutCredentials(errorText(error))}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
