import { UsageError } from '../errors.ts';
import { readFlags } from './flags.ts';
import { usage } from './help.ts';
import { nearest } from './nearest.ts';
import type { Command, Operands, Settings, Values } from './setting.ts';
import { switchesOf, valuesOf } from './settings.ts';
import { packageVersion } from './version.ts';

/** The settings a person gave, and what stood beside them. */
export type Given<S extends Settings> = Values<S> & { operands: string[] };

/**
 * Reads what a command was told: its settings, or the text that was asked for with `--help`, `-h` or `--version`.
 * @throws UsageError
 */
export function readCommand<S extends Settings>(
  command: Command<S>,
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Given<S> | string {
  if (argv.includes('--help') || argv.includes('-h')) return usage(command);
  if (argv.includes('--version')) return `tapelake ${packageVersion()}\n`;
  const { flags, operands } = readFlags(switchesOf(command.settings), argv);
  for (const operand of operands) requireOperand(command.operands, operand);
  return { ...valuesOf(command.settings, flags, env), operands };
}

function requireOperand(operands: Operands | undefined, operand: string): void {
  if (operands === undefined) throw new UsageError(`${operand}: no flag, settings are given as --name VALUE`);
  const { choices } = operands;
  if (choices === undefined || choices.includes(operand)) return;
  const meant = nearest(operand, choices);
  throw new UsageError(
    `${operand}: unknown, choose from ${choices.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
  );
}
