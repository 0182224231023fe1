import { withoutCredentials } from '../credentials.ts';
import { errorText, UsageError } from '../errors.ts';
import { type Given, readCommand } from './command.ts';
import type { Command, Settings } from './setting.ts';

/** Runs a program to its end: a {@link UsageError} is one line on stderr and exit code 2, any other error exit code 1. */
export async function runMain(main: () => Promise<number | undefined>): Promise<void> {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    process.stderr.write(`${withoutCredentials(errorText(error))}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

/** Runs a command with what it was told on the command line; what was asked about it is answered instead. */
export function runCommand<S extends Settings>(
  command: Command<S>,
  run: (given: Given<S>) => Promise<number>,
): Promise<void> {
  return runMain(async () => {
    const given = readCommand(command, process.argv.slice(2), process.env);
    if (typeof given !== 'string') return run(given);
    process.stdout.write(given);
    return 0;
  });
}
