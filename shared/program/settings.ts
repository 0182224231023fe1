import { UsageError } from '../errors.ts';
import { type Flags, kebab, readFlags } from './flags.ts';
import { nearest } from './nearest.ts';
import type { Setting, Settings, Values } from './setting.ts';

/**
 * Reads settings: a flag wins over its environment variable, and that over the fallback. An empty variable counts as absent.
 * @throws UsageError for an unknown flag, a missing or repeated value, or a value that cannot be read.
 */
export function readSettings<S extends Settings>(
  settings: S,
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Values<S> {
  return valuesOf(settings, readFlags(switchesOf(settings), argv).flags, env);
}

/** Whether each flag is a switch. */
export function switchesOf(settings: Settings): Map<string, boolean> {
  return new Map(Object.entries(settings).map(([field, { value }]) => [kebab(field), value === undefined]));
}

/** The values of settings whose flags were split off already. @throws UsageError */
export function valuesOf<S extends Settings>(settings: S, flags: Flags, env: NodeJS.ProcessEnv): Values<S> {
  const values = Object.entries(settings).map(([field, setting]) => {
    const flag = `--${kebab(field)}`;
    return [field, settingValue(setting, flag, flags.get(kebab(field)), env)];
  });
  return Object.fromEntries(values) as Values<S>; // each field was read by its own setting
}

function settingValue(
  setting: Setting<unknown>,
  flag: string,
  given: string | undefined,
  env: NodeJS.ProcessEnv,
): unknown {
  const { env: variable, required, fallback } = setting;
  if (given !== undefined) return chosen(setting, given, flag);
  const text = variable === undefined ? undefined : env[variable];
  if (variable !== undefined && text !== undefined && text !== '') return chosen(setting, text, variable);
  if (required !== undefined) throw new UsageError(`${flag} is missing, write e.g. ${flag} ${required}`);
  return fallback === undefined ? undefined : setting.read(fallback, flag);
}

function chosen({ choices, read }: Setting<unknown>, text: string, name: string): unknown {
  if (choices !== undefined && !choices.includes(text)) {
    const meant = nearest(text, choices);
    throw new UsageError(
      `${name} ${text}: choose ${choices.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    );
  }
  return read(text, name);
}
