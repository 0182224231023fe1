/** A mistake of the person who started the program: one clear line that names the fix, exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** The text of anything thrown, with the texts of its causes: `read chunk x: unexpected end of gzip`. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  if (cause === undefined) return message;
  const causeText = errorText(cause);
  return message.includes(causeText) ? message : `${message}: ${causeText}`;
}

/** Node's error code (`ENOENT`, ...) or undefined. */
export function errorCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** Runs a program to its end: a {@link UsageError} is one line on stderr and exit code 2, any other error exit code 1. */
export async function runMain(main: () => Promise<number | undefined>): Promise<void> {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    process.stderr.write(`${errorText(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
