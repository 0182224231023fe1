import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** Which rooms a room may import; tests and benchmarks may import everything. */
const MAY_IMPORT: Record<string, string[]> = {
  shared: ['shared'],
  ingest: ['ingest', 'shared'],
  'aggregate-job': ['aggregate-job', 'shared'],
  simulator: ['simulator', 'shared'],
  examples: ['examples', 'shared'],
};

const ROOT = join(import.meta.dirname, '..');
const IMPORT =
  /(?:^|[;\s}])(?:import|export)\s*(?:[\w\s{},*$]+?\s+from\s*)?\(?\s*(['"`])([^'"`\n]+)\1|require\s*\(\s*(['"`])([^'"`\n]+)\3/g;

/** What a source text imports, in all the forms the language has. */
function importsOf(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  return [...code.matchAll(IMPORT)].map((match) => match[2] ?? match[4] ?? '');
}

/** The rule an import breaks; undefined when it is allowed. `file` is relative to the root. */
function brokenRule(file: string, imported: string): string | undefined {
  const room = file.split('/')[0] ?? '';
  const allowed = MAY_IMPORT[room];
  if (imported.startsWith('.')) {
    if (!/\.(ts|json)$/.test(imported)) return 'names no .ts file';
    const target = join(dirname(file), imported).split('/')[0] ?? '';
    return allowed && !allowed.includes(target) ? `${room} must not import ${target}` : undefined;
  }
  if (imported.startsWith('@google-cloud/storage') && allowed && room !== 'shared')
    return 'the storage client belongs to shared';
  return imported.startsWith('/') ? 'names a file of this machine' : undefined;
}

/** Those that can be reached from themselves: each group of places that import each other in a ring. */
function ringsOf(imports: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const reach = (from: string): Set<string> => {
    const reached = new Set<string>();
    const next = [...(imports.get(from) ?? [])];
    for (let place = next.pop(); place !== undefined; place = next.pop()) {
      if (reached.has(place)) continue;
      reached.add(place);
      next.push(...(imports.get(place) ?? []));
    }
    return reached;
  };
  const reached = new Map([...imports.keys()].map((place) => [place, reach(place)]));
  const rings = [...reached].flatMap(([place, others]) =>
    others.has(place) ? [[...others].filter((other) => reached.get(other)?.has(place)).sort()] : [],
  );
  return [...new Map(rings.map((ring) => [ring.join(), ring])).values()];
}

/** What each file, or folder, imports of the others. */
function importsBy(placeOf: (file: string) => string): Map<string, Set<string>> {
  const imports = new Map<string, Set<string>>();
  for (const file of shipped) {
    const from = placeOf(file);
    const targets = imports.get(from) ?? new Set();
    imports.set(from, targets);
    for (const imported of importsOf(read(file)).filter((name) => name.startsWith('.'))) {
      const target = placeOf(join(dirname(file), imported));
      if (target !== from) targets.add(target);
    }
  }
  return imports;
}

function sourcesOf(room: string): string[] {
  const found = readdirSync(join(ROOT, room), { withFileTypes: true, recursive: true });
  return found
    .filter(
      (entry) =>
        entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name) && !entry.parentPath.includes('node_modules'),
    )
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

const rooms = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
  .map(({ name }) => name);
const files = rooms.flatMap(sourcesOf);
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const shipped = files.filter((file) => Object.hasOwn(MAY_IMPORT, file.split('/')[0] ?? ''));

describe('the rooms', () => {
  it('are found', () => {
    expect(files).toEqual(expect.arrayContaining(['shared/time.ts', 'test/rooms.test.ts']));
    expect(files.flatMap((file) => importsOf(read(file))).length).toBeGreaterThan(100);
  });

  it('import only what they may', () => {
    const broken = files.flatMap((file) =>
      importsOf(read(file)).flatMap((imported) => {
        const rule = brokenRule(file, imported);
        return rule ? [`${file} imports ${imported}: ${rule}`] : [];
      }),
    );
    expect(broken).toEqual([]);
  });

  it.each([
    ['files', (file: string) => file],
    ['folders', dirname],
  ])('import each other in no ring of %s', (_, placeOf) => {
    expect(ringsOf(importsBy(placeOf))).toEqual([]);
  });

  it('import the storage client in one file', () => {
    const importing = shipped.filter((file) =>
      importsOf(read(file)).some((imported) => imported.startsWith('@google-cloud/storage')),
    );
    expect(importing.length).toBeLessThanOrEqual(1);
  });

  it('read the environment in a main.ts alone', () => {
    const reading = shipped.filter(
      (file) => !file.endsWith('/main.ts') && /\bprocess\s*\.\s*env\b/.test(read(file)),
    );
    expect(reading).toEqual([]);
  });

  it('build a store in a main.ts alone', () => {
    const building = shipped.filter(
      (file) =>
        !/^shared\/(store\/|program\/open-(store|later))|\/main\.ts$/.test(file) &&
        /\bopen(Folder|Gcs)?Store\s*\(/.test(read(file)),
    );
    expect(building).toEqual([]);
  });

  it('have no folder for leftovers', () => {
    const leftovers = files.filter((file) =>
      /(^|\/)(utils?|helpers?|common)(\/|\.)|(^|\/)index\.ts$/.test(file),
    );
    expect(leftovers).toEqual([]);
  });
});

describe('brokenRule', () => {
  it.each([
    ['shared/a.ts', '../ingest/b.ts'],
    ['ingest/a.ts', '../aggregate-job/b.ts'],
    ['ingest/deep/a.ts', '../../simulator/b.ts'],
    ['aggregate-job/a.ts', '../test/b.ts'],
    ['simulator/a.ts', '../bench/b.ts'],
    ['ingest/a.ts', '@google-cloud/storage'],
    ['shared/a.ts', './b'],
    ['test/a.test.ts', '/home/b.ts'],
  ])('in %s forbids %s', (file, imported) => expect(brokenRule(file, imported)).toBeDefined());

  it.each([
    ['ingest/a.ts', '../shared/b.ts'],
    ['ingest/deep/a.ts', '../b.ts'],
    ['test/ingest/a.test.ts', '../../simulator/b.ts'],
    ['shared/a.ts', 'node:fs'],
    ['shared/a.ts', '@google-cloud/storage'],
  ])('in %s allows %s', (file, imported) => expect(brokenRule(file, imported)).toBeUndefined());
});

describe('ringsOf', () => {
  const rings = (imports: Record<string, string[]>): string[][] =>
    ringsOf(new Map(Object.entries(imports).map(([place, others]) => [place, new Set(others)])));

  it('finds rings of any length, each once', () => {
    expect(rings({ a: ['b'], b: ['c'], c: ['b', 'd'], d: ['e'], e: ['f'], f: ['d'] })).toEqual([
      ['b', 'c'],
      ['d', 'e', 'f'],
    ]);
  });

  it('finds none where arrows only go down', () => expect(rings({ a: ['b', 'c'], b: ['c'] })).toEqual([]));
});

describe('importsOf', () => {
  it.each([
    ["import 'a';", 'a'],
    ["import a from 'a';", 'a'],
    ["import type { A, B } from 'a';", 'a'],
    ["import {\n  A,\n  type B,\n} from 'a';", 'a'],
    ["import * as a from 'a';", 'a'],
    ["export * from 'a';", 'a'],
    ["export { a } from 'a';", 'a'],
    ["const a = await import('a');", 'a'],
    ["const a = require('a');", 'a'],
  ])('reads %j', (source, imported) => expect(importsOf(source)).toEqual([imported]));

  it('reads no comment', () => {
    expect(importsOf("// import 'a';\n/* import 'b'; */")).toEqual([]);
  });
});
