import type { Store } from '../../../shared/store/store.ts';

/** A step of a job in its store. */
export type Step = { kind: 'mutation' | 'read'; name: string };

/** A store that tells every step of a job once it is done; `onStep` may end the process there. */
export function fatalStore(store: Store, onStep: (step: Step) => void): Store {
  const told = async <T>(kind: Step['kind'], name: string, work: Promise<T>): Promise<T> => {
    const result = await work;
    onStep({ kind, name });
    return result;
  };
  return {
    url: store.url,
    create: (name, body) => told('mutation', name, store.create(name, body)),
    replace: (name, body, generation) => told('mutation', name, store.replace(name, body, generation)),
    remove: (name, generation) => told('mutation', name, store.remove(name, generation)),
    read: (name, range) => told('read', name, store.read(name, range)),
    stat: (name) => told('read', name, store.stat(name)),
    list: (prefix) => store.list(prefix),
    listFolders: (prefix) => told('read', prefix, store.listFolders(prefix)),
  };
}
