import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mapAll } from '../../../shared/concurrency.ts';
import { compareNames, type ObjectInfo, type Store } from '../../../shared/store/store.ts';

export type OpenedStore = { store: Store; dispose: () => Promise<void> };

const utf8 = (text: string): Buffer => Buffer.from(text);

/** All of a listing. */
export async function listed(store: Store, prefix: string): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const info of store.list(prefix)) found.push(info);
  return found;
}

/** The generation of a write that must succeed. */
export function written(generation: string | undefined): string {
  if (generation === undefined) throw new Error('the write was refused');
  return generation;
}

async function textOf(store: Store, name: string): Promise<string | undefined> {
  return (await store.read(name))?.bytes.toString();
}

/**
 * What every store promises. `open` gives an empty one; each test works under a prefix of its own.
 * `runs` is the number of random histories compared with a map, `many` that of the objects in a long listing. Where `answersGetLost`, nobody can tell whether an
 * object that is gone was removed by an earlier try of one's own, and `remove` may say so.
 */
export function storeContract(
  name: string,
  open: () => Promise<OpenedStore>,
  { runs = 30, many = 1_100, answersGetLost = false } = {},
): void {
  describe(`the store contract on ${name}`, () => {
    const notFound = answersGetLost ? expect.any(Boolean) : false;
    let opened: OpenedStore;
    let store: Store;
    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(() => opened.dispose());

    describe('create and read', () => {
      it.each([
        ['nothing', utf8('')],
        ['text', utf8('timestamp,price\n1,2\n')],
        ['every byte', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
        ['a megabyte', Buffer.alloc(1 << 20, 'tapelake')],
      ])('give back %s', async (what, bytes) => {
        const object = `give-back/币安/${what}`;
        const generation = await store.create(object, bytes);
        expect(generation).toEqual(expect.any(String));
        const read = await store.read(object);
        expect(read?.bytes.equals(bytes)).toBe(true); // toEqual looks at a megabyte for seconds
        expect(read?.generation).toBe(generation);
        expect(await store.stat(object)).toEqual({ name: object, bytes: bytes.length, generation });
      });

      it('take a body in parts, from a source', async () => {
        async function* parts() {
          yield utf8('first,');
          yield utf8('');
          yield utf8('second');
        }
        const generation = await store.create('source/a', parts);
        expect(await store.read('source/a')).toEqual({ bytes: utf8('first,second'), generation });
        expect(await store.create('source/a', parts)).toBe(generation);
        expect(await store.create('source/a', utf8('first,second'))).toBe(generation);
        expect(await store.create('source/empty', async function* () {})).toEqual(expect.any(String));
        expect(await textOf(store, 'source/empty')).toBe('');
      });

      it('are harmless when repeated, and refuse other bytes', async () => {
        const generation = await store.create('repeat/a', utf8('same'));
        expect(await store.create('repeat/a', utf8('same'))).toBe(generation);
        expect(await store.create('repeat/a', utf8('size'))).toBeUndefined();
        expect(await store.create('repeat/a', utf8('longer'))).toBeUndefined();
        expect(await store.read('repeat/a')).toEqual({ bytes: utf8('same'), generation });
      });

      it('know nothing of an absent object', async () => {
        await store.create('absent/folder/a', utf8('a'));
        for (const object of ['absent/b', 'absent/folder', 'absent/folder/a/b']) {
          expect(await store.read(object)).toBeUndefined();
          expect(await store.read(object, { start: 0, end: 1 })).toBeUndefined();
          expect(await store.read(object, { start: 0, end: 0 })).toBeUndefined();
          expect(await store.stat(object)).toBeUndefined();
        }
      });

      it.each([
        [0, 10, '0123456789'],
        [0, 1, '0'],
        [3, 7, '3456'],
        [9, 10, '9'],
        [5, 1e12, '56789'],
        [5, 5, ''],
        [10, 20, ''],
        [99, 100, ''],
      ])('give the range [%d, %d)', async (start, end, expected) => {
        const generation = await store.create('range/digits', utf8('0123456789'));
        expect(await store.read('range/digits', { start, end })).toEqual({
          bytes: utf8(expected),
          generation,
        });
        await store.create('range/empty', utf8(''));
        expect((await store.read('range/empty', { start, end }))?.bytes).toEqual(utf8(''));
      });
    });

    describe('list', () => {
      it('gives what starts with the prefix, in order of UTF-8 bytes, with size and generation', async () => {
        const names = [
          'a/b',
          'a.b',
          'a0',
          'ab/c',
          'A',
          'é',
          '币安',
          '\uff5e',
          '\u{1f600}',
          'z%2F?#[*]&=+ :@',
        ];
        for (const [size, object] of names.entries())
          await store.create(`list/${object}`, Buffer.alloc(size));
        const found = await listed(store, 'list/');
        expect(found.map((info) => info.name)).toEqual(
          names.map((object) => `list/${object}`).sort(compareNames),
        );
        expect(found.at(-1)?.name).toBe('list/\u{1f600}');
        for (const info of found) expect(await store.stat(info.name)).toEqual(info);
      });

      it('takes a prefix that ends within a name', async () => {
        for (const object of ['within/ab/1', 'within/ab', 'within/ac/2', 'within/b'].filter(
          (o) => o !== 'within/ab',
        ))
          await store.create(object, utf8('x'));
        const names = async (prefix: string) => (await listed(store, prefix)).map((info) => info.name);
        expect(await names('within/a')).toEqual(['within/ab/1', 'within/ac/2']);
        expect(await names('within/ab/1')).toEqual(['within/ab/1']);
        expect(await names('within/c')).toEqual([]);
        expect(await names('nowhere/')).toEqual([]);
        expect(await names('../')).toEqual([]);
        expect(await names('within/../within/')).toEqual([]);
      });

      it('gives all of many', async () => {
        const names = Array.from({ length: many }, (_, n) => `many/${String(n).padStart(4, '0')}`);
        await mapAll(names, 16, (object) => store.create(object, utf8(object)));
        expect((await listed(store, 'many/')).map((info) => info.name)).toEqual(names);
      });

      it('shows no removed object', async () => {
        const generation = written(await store.create('gone/a/b', utf8('x')));
        await store.remove('gone/a/b', generation);
        expect(await listed(store, 'gone/')).toEqual([]);
        expect(await store.listFolders('gone/')).toEqual([]);
        expect(await store.listFolders('')).not.toContain('gone/');
      });
    });

    describe('listFolders', () => {
      it('gives the folders directly under a prefix, in order, and no objects', async () => {
        for (const object of ['币安/x/y', 'b/1', 'b/2', 'a.b/1', 'a/1/2/3', 'object'])
          await store.create(`folders/${object}`, utf8('x'));
        expect(await store.listFolders('folders/')).toEqual([
          'folders/a.b/',
          'folders/a/',
          'folders/b/',
          'folders/币安/',
        ]);
        expect(await store.listFolders('folders/a/')).toEqual(['folders/a/1/']);
        expect(await store.listFolders('folders/object/')).toEqual([]);
        expect(await store.listFolders('nowhere/')).toEqual([]);
        expect(await store.listFolders('../')).toEqual([]);
        expect(await store.listFolders('')).toContain('folders/');
      });
    });

    describe('replace and remove', () => {
      it('act on exactly the generation they are given', async () => {
        const first = written(await store.create('act/a', utf8('one')));
        const second = written(await store.replace('act/a', utf8('two'), first));
        expect(second).not.toBe(first);
        expect(await store.read('act/a')).toEqual({ bytes: utf8('two'), generation: second });
        expect(await store.replace('act/a', utf8('three'), first)).toBeUndefined();
        expect(await store.remove('act/a', first)).toBe(false);
        expect(await textOf(store, 'act/a')).toBe('two');
        expect(await store.remove('act/a', second)).toBe(true);
        expect(await store.remove('act/a', second)).toEqual(notFound);
        expect(await store.replace('act/a', utf8('four'), second)).toBeUndefined();
        expect(await store.stat('act/a')).toBeUndefined();
      });

      it('tell an object written anew from the one before, though its bytes are the same', async () => {
        let generation = written(await store.create('anew/a', utf8('same')));
        const seen = new Set([generation]);
        for (let round = 1; round <= 10; round++) {
          const old = generation;
          if (round % 2) generation = written(await store.replace('anew/a', utf8('same'), old));
          else {
            await store.remove('anew/a', old);
            generation = written(await store.create('anew/a', utf8('same')));
          }
          expect(await store.remove('anew/a', old)).toBe(false);
          expect(seen.add(generation).size).toBe(round + 1);
        }
      });

      it('know nothing of an object that never was', async () => {
        const generation = written(await store.create('never/a', utf8('x')));
        expect(await store.replace('never/b', utf8('y'), generation)).toBeUndefined();
        expect(await store.remove('never/b', generation)).toEqual(notFound);
      });
    });

    describe('of several at once', () => {
      const bodies = Array.from({ length: 8 }, (_, n) => utf8(`body ${n}`));

      it('one creator wins, the others learn of it', async () => {
        const results = await Promise.all(bodies.map((body) => store.create('race/create', body)));
        const winner = results.findIndex((generation) => generation !== undefined);
        expect(results.filter((generation) => generation !== undefined)).toHaveLength(1);
        expect(await store.read('race/create')).toEqual({
          bytes: bodies[winner],
          generation: results[winner],
        });
      });

      it('all creators of the same bytes succeed', async () => {
        const results = await Promise.all(bodies.map(() => store.create('race/same', utf8('same'))));
        expect(new Set(results).size).toBe(1);
        expect((await store.stat('race/same'))?.generation).toBe(results[0]);
      });

      it('one replacer wins', async () => {
        const generation = written(await store.create('race/replace', utf8('old')));
        const results = await Promise.all(
          bodies.map((body) => store.replace('race/replace', body, generation)),
        );
        const winner = results.findIndex((result) => result !== undefined);
        expect(results.filter((result) => result !== undefined)).toHaveLength(1);
        expect(await store.read('race/replace')).toEqual({
          bytes: bodies[winner],
          generation: results[winner],
        });
      });

      it('either the replacer or the remover wins', async () => {
        const generation = written(await store.create('race/remove', utf8('old')));
        const [replaced, removed] = await Promise.all([
          store.replace('race/remove', utf8('new'), generation),
          store.remove('race/remove', generation),
        ]);
        expect(removed).toBe(replaced === undefined);
        expect(await textOf(store, 'race/remove')).toBe(removed ? undefined : 'new');
      });
    });

    describe('errors', () => {
      it.each(['', '/', '/a', 'a/', 'a//b', '.', '..', 'a/../b', './a', 'a\nb', 'a\u0000', '\ud800', 'a\\b'])(
        'refuse the name %j everywhere',
        async (object) => {
          const attempts = [
            () => store.create(object, utf8('x')),
            () => store.read(object),
            () => store.stat(object),
            () => store.replace(object, utf8('x'), '1'),
            () => store.remove(object, '1'),
          ];
          for (const attempt of attempts) await expect(attempt()).rejects.toThrow(/: not allowed$/);
        },
      );

      it('name verb, object and cause when a source fails, and leave no trace', async () => {
        const failing = async function* () {
          yield utf8('half');
          throw new Error('disk unplugged');
        };
        await expect(store.create('fail/new', failing)).rejects.toThrow(
          /^create \S*fail\/new: disk unplugged$/,
        );
        const generation = written(await store.create('fail/old', utf8('old')));
        await expect(store.replace('fail/old', failing, generation)).rejects.toThrow(
          /^replace \S*fail\/old: disk unplugged$/,
        );
        expect((await listed(store, 'fail/')).map((info) => info.name)).toEqual(['fail/old']);
        expect(await store.read('fail/old')).toEqual({ bytes: utf8('old'), generation });
      });
    });

    it('behaves as a map does, whatever the history', async () => {
      const call = fc.record({
        verb: fc.constantFrom('create', 'replace', 'remove', 'read'),
        object: fc.constantFrom('a', 'b/c', 'b/d'),
        text: fc.constantFrom('x', 'y', 'zz'),
        stale: fc.boolean(),
      });
      let history = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(call, { maxLength: 15 }), async (calls) => {
          const prefix = `map/${history++}/`;
          const map = new Map<string, { text: string; generation: string }>();
          for (const { verb, object, text, stale } of calls) {
            const present = map.get(object);
            const given = stale || !present ? '1' : present.generation;
            const hit = present && !stale;
            const path = prefix + object;
            if (verb === 'create') {
              const result = await store.create(path, utf8(text));
              if (present) expect(result).toBe(present.text === text ? present.generation : undefined);
              else map.set(object, { text, generation: written(result) });
            } else if (verb === 'replace') {
              const result = await store.replace(path, utf8(text), given);
              expect(result !== undefined).toBe(Boolean(hit));
              if (hit) map.set(object, { text, generation: written(result) });
            } else if (verb === 'remove') {
              expect(await store.remove(path, given)).toEqual(present ? Boolean(hit) : notFound);
              if (hit) map.delete(object);
            } else {
              const read = await store.read(path);
              expect(read && { text: read.bytes.toString(), generation: read.generation }).toEqual(present);
            }
          }
          expect((await listed(store, prefix)).map((info) => info.name)).toEqual(
            [...map.keys()].sort().map((object) => prefix + object),
          );
        }),
        { numRuns: runs },
      );
    });
  });
}
