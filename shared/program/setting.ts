import { UsageError } from '../errors.ts';

/** Turns the text of a setting into its value; `name` is the flag or variable it came from, for the error. @throws UsageError */
export type Read<T> = (text: string, name: string) => T;

/**
 * One setting, defined once: reading it, usage, the tables of the documentation and completions all come from here. The name of its
 * field gives its flag (`keepRaw`: `--keep-raw`).
 */
export type Setting<T> = {
  help: string;
  /** Stands for the value in usage, such as `FOLDER`; absent for a switch. */
  value?: string;
  /** The only texts it takes. */
  choices?: readonly string[];
  /** Its text when it is not given. */
  fallback?: string;
  /** It must be given; the text is an example of it. */
  required?: string;
  /** The heading under which usage lists it. */
  group?: string;
  /** The environment variable it may come from; without one the environment has no say in it. */
  env?: string;
  read: Read<T>;
};

type Definition<T> = Omit<Setting<T>, 'fallback' | 'required'>;

export type Settings = Record<string, Setting<unknown>>;
export type Values<S extends Settings> = { [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/** What a command takes besides its settings, such as the names of files. */
export type Operands = { value: string; help: string; choices?: readonly string[] };

/** A command: what its usage says and what it can be told. */
export type Command<S extends Settings> = {
  /** What is written to start it, such as `tapelake record`. */
  name: string;
  summary: string;
  /** The usage line behind the name. */
  usage: string;
  /** A whole line that works, or would for somebody. */
  example: string;
  settings: S;
  operands?: Operands;
};

/** A setting with a value; without a fallback and not required it is undefined when absent. */
export function setting<T>(definition: Definition<T> & { fallback: string }): Setting<T>;
export function setting<T>(definition: Definition<T> & { required: string }): Setting<T>;
export function setting<T>(definition: Definition<T>): Setting<T | undefined>;
export function setting<T>(definition: Setting<T>): Setting<T | undefined> {
  return definition;
}

/** A setting that is either given or not: `--keep-raw`, or `KEEP_RAW=true` in the environment. */
export function toggle(
  definition: Omit<Definition<boolean>, 'value' | 'choices' | 'read'>,
): Setting<boolean> {
  return { ...definition, fallback: 'false', read: readBoolean };
}

function readBoolean(value: string, name: string): boolean {
  if (/^(1|true|yes)$/i.test(value)) return true;
  if (/^(0|false|no)$/i.test(value)) return false;
  throw new UsageError(`${name} ${value}: write true or false`);
}
