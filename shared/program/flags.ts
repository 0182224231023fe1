import { parseArgs } from 'node:util';
import { UsageError } from '../errors.ts';
import { nearest } from './nearest.ts';

/** The text of each flag that was given, by its name without hyphens in front. */
export type Flags = Map<string, string>;

type Token = NonNullable<ReturnType<typeof parse>['tokens']>[number];

/**
 * Splits arguments into flags and operands. `switches` says of each known flag whether it stands alone.
 * @throws UsageError for an unknown flag, a missing value, or two different values for one flag
 */
export function readFlags(
  switches: ReadonlyMap<string, boolean>,
  argv: readonly string[],
): { flags: Flags; operands: string[] } {
  const flags: Flags = new Map();
  const operands: string[] = [];
  for (const token of parse(switches, argv).tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const text = textOf(token, switches);
    const before = flags.get(token.name) ?? text;
    if (before !== text) throw new UsageError(`${token.rawName}: given twice, as ${before} and as ${text}`);
    flags.set(token.name, text);
  }
  return { flags, operands };
}

/** `keepRaw` as it is written on a command line: `keep-raw`. */
export const kebab = (field: string): string =>
  field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function parse(switches: ReadonlyMap<string, boolean>, argv: readonly string[]) {
  const options = Object.fromEntries(
    [...switches].map(([name, isSwitch]) => [
      name,
      { type: isSwitch ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  return parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
}

function textOf(token: Extract<Token, { kind: 'option' }>, switches: ReadonlyMap<string, boolean>): string {
  const { name, rawName, value, inlineValue } = token;
  const isSwitch = switches.get(name);
  if (isSwitch === undefined || (name.length === 1 && !rawName.startsWith('--')))
    throw unknown(rawName, switches);
  if (isSwitch) return value ?? 'true';
  if (!value || (!inlineValue && value.startsWith('--')))
    throw new UsageError(`${rawName}: its value is missing, write ${rawName} VALUE`);
  return value;
}

function unknown(rawName: string, switches: ReadonlyMap<string, boolean>): UsageError {
  const meant = nearest(rawName.replace(/^-+/, ''), switches.keys());
  const hint = meant === undefined ? 'see --help' : `did you mean --${meant}?`;
  return new UsageError(`${rawName}: unknown flag, ${hint}`);
}
