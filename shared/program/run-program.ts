import { readFileSync } from 'node:fs';
import { errorText, UsageError } from '../errors.ts';
import { isAsked } from './settings.ts';

/**
 * Runs a program to its end. Who asks for its help or version gets that and nothing else; a {@link UsageError} is one line on
 * stderr and exit code 2, any other error exit code 1.
 */
export async function runProgram(
  help: () => string,
  main: (argv: string[]) => Promise<number | undefined>,
): Promise<void> {
  const argv = process.argv.slice(2);
  if (isAsked(argv, 'help')) process.stdout.write(help());
  else if (isAsked(argv, 'version')) process.stdout.write(`tapelake ${packageVersion()}\n`);
  else await runMain(() => main(argv));
}

async function runMain(main: () => Promise<number | undefined>): Promise<void> {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    process.stderr.write(`${errorText(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

/** The version of this package. */
export function packageVersion(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return version;
}
