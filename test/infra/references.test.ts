// Without the provider terraform cannot validate; this much of it is done here.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { REPOSITORY } from './dockerfile.ts';

const INFRA = join(REPOSITORY, 'infra');
const source = readdirSync(INFRA)
  .filter((name) => name.endsWith('.tf'))
  .map((name) => readFileSync(join(INFRA, name), 'utf8'))
  .join('\n')
  .replace(/^\s*#.*$/gm, '');

/** Top-level blocks by what refers to them: `google_storage_bucket.raw`, `var.region`, `local.job_env`. */
function things(): Map<string, string> {
  const found = new Map<string, string>();
  for (const [text, kind, first = '', second = ''] of source.matchAll(
    /^(\w+)(?: "(\w+)")?(?: "(\w+)")? \{\n[\s\S]*?^\}/gm,
  )) {
    if (kind === 'resource') found.set(`${first}.${second}`, text);
    if (kind === 'variable') found.set(`var.${first}`, text.replace(/validation \{[\s\S]*?\n {2}\}/g, ''));
    if (kind === 'locals')
      for (const [local, name = ''] of text.matchAll(
        /^ {2}(\w+)\s+= [\s\S]*?(?=^ {2}\w+\s+= |^\}|(?![\s\S]))/gm,
      ))
        found.set(`local.${name}`, local);
  }
  return found;
}

const referencesIn = (text: string): string[] =>
  [...text.matchAll(/\b((?:google_\w+|terraform_data|var|local)\.\w+)/g)].map(([, name = '']) => name);

describe('the references in infra', () => {
  const all = things();

  it('name what there is', () => {
    expect(all.size).toBeGreaterThan(60);
    expect([...new Set(referencesIn(source))].filter((name) => !all.has(name))).toEqual([]);
  });

  it('use every variable and every local', () => {
    const used = new Set(referencesIn(source.replace(/^variable [\s\S]*?^\}/gm, '')));
    expect([...all.keys()].filter((name) => /^(var|local)\./.test(name) && !used.has(name))).toEqual([]);
  });

  it('never come round to where they began', () => {
    const open: string[] = [];
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (name: string): void => {
      if (open.includes(name)) cycles.push([...open, name].join(' -> '));
      if (open.includes(name) || done.has(name)) return;
      open.push(name);
      for (const next of referencesIn(all.get(name) ?? '')) if (next !== name) visit(next);
      open.pop();
      done.add(name);
    };
    for (const name of all.keys()) visit(name);
    expect(cycles).toEqual([]);
  });
});
