import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from '@cdktn/hcl2json';
import { REPOSITORY } from './dockerfile.ts';

const INFRA = join(REPOSITORY, 'infra');

/** A block of HCL as JSON: nested blocks are lists, expressions stand as text in `${}`. */
export type Block = { [key: string]: unknown };

export type Terraform = {
  /** A resource by type and name. */
  resource(type: string, name: string): Block;
  /** All resources of a type by name. */
  resources(type: string): Record<string, Block>;
  types(): string[];
  local(name: string): unknown;
  variable(name: string): Block;
  variables(): Block[];
  outputs(): Block[];
};

/** An expression as it stands in a block: `${var.region}`. */
export const expression = (text: string): string => `\${${text}}`;

/** Reads infra/*.tf as data; nothing is evaluated. */
export async function readTerraform(): Promise<Terraform> {
  const files = readdirSync(INFRA).filter((name) => name.endsWith('.tf'));
  const parsed = await Promise.all(
    files.map(async (name): Promise<Block> => parse(name, readFileSync(join(INFRA, name), 'utf8'))),
  );
  const all = (kind: string): Block[] =>
    parsed.flatMap((file) => (file[kind] === undefined ? [] : [block(file[kind])]));
  const resources = (type: string): Record<string, Block> =>
    Object.fromEntries(
      all('resource')
        .flatMap((file) => (file[type] === undefined ? [] : Object.entries(block(file[type]))))
        .map(([name, body]) => [name, block(body)]),
    );
  const found = <T>(value: T | undefined, name: string): T => {
    if (value === undefined) throw new Error(`read infra: there is no ${name}`);
    return value;
  };
  return {
    resources,
    resource: (type, name) => found(resources(type)[name], `${type}.${name}`),
    types: () => [...new Set(all('resource').flatMap((file) => Object.keys(file)))],
    local: (name) =>
      found(blocks(parsed, 'locals').find((locals) => Object.hasOwn(locals, name))?.[name], `local.${name}`),
    variables: () => all('variable').flatMap((file) => Object.values(file).map(block)),
    outputs: () => all('output').flatMap((file) => Object.values(file).map(block)),
    variable: (name) =>
      block(found(all('variable').find((file) => Object.hasOwn(file, name))?.[name], `variable ${name}`)),
  };
}

/** A block, or the only one of a list of blocks. */
export function block(value: unknown): Block {
  const only: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (typeof only === 'object' && only !== null && !Array.isArray(only))
    return Object.fromEntries(Object.entries(only));
  throw new Error(`read infra: not one block: ${JSON.stringify(value)}`);
}

/** The blocks of a name inside one or several blocks. */
export function blocks(parents: Block[], name: string): Block[] {
  return parents.flatMap((parent) => {
    const value = parent[name] ?? [];
    return (Array.isArray(value) ? value : [value]).map(block);
  });
}

/** True where there is a terraform to format and evaluate with. The provider is not needed. */
export const hasTerraform = ((): boolean => {
  try {
    execFileSync('terraform', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** True when every file is as `terraform fmt` writes it. */
export function isFormatted(): boolean {
  try {
    execFileSync('terraform', ['fmt', '-check', '-recursive', INFRA], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Evaluates an expression over the variables and locals of infra with the real terraform; names of buckets stand for themselves.
 * @throws Error with what terraform says.
 */
export function evaluate(text: string, variables: Record<string, string> = {}): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'tapelake-terraform-'));
  try {
    mkdirSync(join(folder, 'infra'));
    mkdirSync(join(folder, 'shared/lake'), { recursive: true });
    copyFileSync(join(INFRA, 'variables.tf'), join(folder, 'infra/variables.tf'));
    copyFileSync(join(REPOSITORY, 'shared/lake/schema.json'), join(folder, 'shared/lake/schema.json'));
    for (const name of ['recorder.tf', 'job.tf', 'tables.tf'])
      writeFileSync(join(folder, 'infra', name), localsOf(name));
    const said = execFileSync('terraform', ['console', ...flags(variables)], {
      cwd: join(folder, 'infra'),
      input: `jsonencode(${text})\n`,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return JSON.parse(JSON.parse(said.slice(said.indexOf('"'))));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What terraform says of the variables' values; empty when it takes them. */
export function refusal(variables: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tapelake-terraform-'));
  try {
    copyFileSync(join(INFRA, 'variables.tf'), join(folder, 'variables.tf'));
    const { status, stdout, stderr } = spawnSync(
      'terraform',
      ['plan', '-input=false', '-no-color', ...flags(variables)],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    );
    return status === 0 ? '' : `${stdout}${stderr}`.replace(/[│\s]+/g, ' ');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function flags(variables: Record<string, string>): string[] {
  return Object.entries({ project_id: 'p', ...variables }).map(([name, value]) => `-var=${name}=${value}`);
}

function localsOf(name: string): string {
  const [locals = ''] = /^locals \{\n[\s\S]*?^\}\n/m.exec(readFileSync(join(INFRA, name), 'utf8')) ?? [];
  return locals.replace(/google_storage_bucket\.(\w+)\.name/g, '"$1"');
}
