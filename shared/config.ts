import { parseArgs } from 'node:util';
import { UsageError } from './errors.ts';

/** How one setting is read. The name of the field gives its flag (`keepRaw`: `--keep-raw`) and its variable (`KEEP_RAW`). */
export type Setting<T> = {
  help: string;
  isSwitch: boolean;
  /** Turns the text into a value; `name` is the flag or variable, for the error. */
  read: (text: string, name: string) => T;
  /** The value when neither flag nor variable is given. */
  absent: () => T;
};

type Settings = Record<string, Setting<unknown>>;
type Values<S extends Settings> = { [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/** A setting with a value; without a `fallback` it is undefined when absent. */
export function setting<T>(help: string, read: (text: string, name: string) => T): Setting<T | undefined>;
export function setting<T>(help: string, read: (text: string, name: string) => T, fallback: T): Setting<T>;
export function setting<T>(
  help: string,
  read: (text: string, name: string) => T,
  fallback?: T,
): Setting<T | undefined> {
  return { help, read, isSwitch: false, absent: () => fallback };
}

/** A setting that is either given or not: `--keep-raw`, or `KEEP_RAW=true` in the environment. */
export function toggle(help: string): Setting<boolean> {
  return { help, read: readBoolean, isSwitch: true, absent: () => false };
}

/**
 * Reads a program's settings: a flag wins over its environment variable, and that over the fallback.
 * An empty variable counts as absent. What is neither flag nor value goes to `onName`.
 * @throws UsageError for an unknown flag, a missing value, or a value that cannot be read.
 */
export function readSettings<S extends Settings>(
  settings: S,
  argv: string[],
  env: NodeJS.ProcessEnv,
  onName: (name: string) => void = refuseName,
): Values<S> {
  const flags = readFlags(settings, argv, onName);
  const values: Record<string, unknown> = {};
  for (const [field, setting] of Object.entries(settings)) {
    const flag = flags[kebab(field)];
    const variable = env[snake(field)];
    if (flag !== undefined) values[field] = setting.read(flag, `--${kebab(field)}`);
    else if (variable !== undefined && variable !== '') values[field] = setting.read(variable, snake(field));
    else values[field] = setting.absent();
  }
  return values as Values<S>; // each field was filled by its own setting in the loop above
}

/** What every program answers instead of running. It is asked by a flag, never by a variable of the environment. */
const QUESTIONS = [
  ['-h, --help', 'show this'],
  ['--version', 'show the version'],
] as const;

/** True where a person asks for `question`, in whatever company. */
export function isAsked(argv: string[], question: 'help' | 'version'): boolean {
  return argv.includes(`--${question}`) || (question === 'help' && argv.includes('-h'));
}

/** A program's help: what it does, and its settings as flag, variable and meaning. */
export function helpText(about: string, settings: Settings): string {
  return `${about}\n\n${settingsHelp(settings)}\n`;
}

function settingsHelp(settings: Settings): string {
  const rows = Object.entries(settings).map(([field, { help, isSwitch }]) => [
    `--${kebab(field)}${isSwitch ? '' : ' VALUE'}`,
    snake(field),
    help,
  ]);
  rows.push(...QUESTIONS.map(([flag, help]) => [flag, '', help]));
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`)
    .join('\n');
}

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

/** Comma-separated items without blanks; an empty list is a mistake. */
export function list(value: string, name: string): string[] {
  const items = value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (items.length === 0) throw new UsageError(`${name}: the list is empty, give at least one item`);
  return [...new Set(items)];
}

function readBoolean(value: string, name: string): boolean {
  if (/^(1|true|yes)$/i.test(value)) return true;
  if (/^(0|false|no)$/i.test(value)) return false;
  throw new UsageError(`${name} ${value}: write true or false`);
}

function refuseName(name: string): never {
  throw new UsageError(`${name}: no flag, settings are given as --name VALUE`);
}

function readFlags(
  settings: Settings,
  argv: string[],
  onName: (name: string) => void,
): Record<string, string> {
  const options = Object.fromEntries(
    Object.entries(settings).map(([field, { isSwitch }]) => [
      kebab(field),
      isSwitch ? ({ type: 'boolean' } as const) : ({ type: 'string' } as const),
    ]),
  );
  const { tokens } = parseArgs({ args: argv, options, strict: false, allowPositionals: true, tokens: true });
  const flags: Record<string, string> = {};
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      onName(token.value);
      continue;
    }
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (!option)
      throw new UsageError(
        `${token.rawName}: unknown flag, known are ${[...Object.keys(options), 'help', 'version']
          .map((name) => `--${name}`)
          .join(' ')}`,
      );
    if (option.type === 'string' && (!token.value || (!token.inlineValue && token.value.startsWith('--')))) {
      throw new UsageError(`${token.rawName}: its value is missing, write ${token.rawName} VALUE`);
    }
    flags[token.name] = token.value ?? 'true';
  }
  return flags;
}

const kebab = (field: string): string => field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const snake = (field: string): string => kebab(field).replaceAll('-', '_').toUpperCase();
