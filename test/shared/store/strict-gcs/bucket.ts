import { CRC32C } from '@google-cloud/storage';
import { compareNames } from '../../../../shared/store/store.ts';
import { Refusal } from './answers.ts';

/** What an account may do to objects, in the service's words. */
export type Permission = 'create' | 'delete' | 'get' | 'list';
export const ALL_PERMISSIONS: readonly Permission[] = ['create', 'delete', 'get', 'list'];

/** What a writer says about an object before its bytes. */
export type Announced = { name: string; onGeneration: string; metadata: Record<string, unknown> };

export type Resource = Record<string, unknown> & { name: string; generation: string; crc32c: string };
type StrictObject = { bytes: Buffer; resource: Resource };

/** Objects a page holds at most, whatever is asked for: the service may always give fewer. */
const PAGE_OBJECTS = 100;
const FIRST_GENERATION = 1_700_000_000_000_000;

/** The objects of one bucket, and who may do what to them. */
export class StrictBucket {
  permissions: readonly Permission[] = ALL_PERMISSIONS;
  readonly #name: string;
  readonly #objects = new Map<string, StrictObject>();
  #writes = 0;

  constructor(name: string) {
    this.#name = name;
  }

  require(permission: Permission): void {
    if (this.permissions.includes(permission)) return;
    const missing = `storage.objects.${permission}`;
    const text = `writer@test.iam.gserviceaccount.com does not have ${missing} access to the Google Cloud Storage object. Permission '${missing}' denied on resource (or it may not exist).`;
    throw new Refusal(403, text, 'forbidden');
  }

  /** Whether an object may be written now. Who may not delete is told so of an object in the way, before any precondition is looked at. */
  requireWritable({ name, onGeneration }: Announced): void {
    this.require('create');
    const present = this.#objects.get(name);
    if (present) this.require('delete');
    if (onGeneration !== (present?.resource.generation ?? '0')) throw conditionNotMet();
  }

  /** Stores an object, unless its bytes are not those announced. */
  put(announced: Announced, bytes: Buffer): Resource {
    this.requireWritable(announced);
    const crc32c = new CRC32C();
    crc32c.update(bytes);
    const { crc32c: expected, ...metadata } = announced.metadata;
    if (expected !== undefined && expected !== crc32c.toString())
      throw new Refusal(400, `Provided CRC32C "${expected}" doesn't match calculated CRC32C "${crc32c}".`);
    const resource = {
      ...metadata,
      kind: 'storage#object',
      bucket: this.#name,
      name: announced.name,
      generation: String(FIRST_GENERATION + ++this.#writes),
      metageneration: '1',
      crc32c: crc32c.toString(),
      ...(bytes.length === 0 ? {} : { size: String(bytes.length) }), // some servers leave it out
    };
    this.#objects.set(announced.name, { bytes, resource });
    return resource;
  }

  get(name: string, generation: string | null): StrictObject {
    this.require('get');
    const found = this.#objects.get(name);
    if (!found || (generation !== null && generation !== found.resource.generation)) throw noObject(name);
    return found;
  }

  remove(name: string, onGeneration: string, generation: string | null): void {
    this.require('delete');
    const found = this.#objects.get(name);
    if (!found || (generation !== null && generation !== found.resource.generation)) throw noObject(name);
    if (onGeneration !== found.resource.generation) throw conditionNotMet();
    this.#objects.delete(name);
  }

  /** One page of a listing; objects below a folder (what ends with `delimiter`) are told as the folder alone. */
  list({ prefix, delimiter, maxResults, pageToken }: Record<string, string | undefined>): object {
    this.require('list');
    const after = Buffer.from(pageToken ?? '', 'base64').toString();
    const all = new Map<string, Resource | undefined>();
    for (const [name, { resource }] of this.#objects) {
      if (!name.startsWith(prefix ?? '')) continue;
      const end = delimiter === undefined ? -1 : name.indexOf(delimiter, (prefix ?? '').length);
      if (end < 0) all.set(name, resource);
      else all.set(name.slice(0, end + 1), undefined);
    }
    const names = [...all.keys()].sort(compareNames).filter((name) => compareNames(name, after) > 0);
    const page = names.slice(0, Math.min(PAGE_OBJECTS, Number(maxResults ?? PAGE_OBJECTS)));
    const items = page.flatMap((name) => all.get(name) ?? []);
    const prefixes = page.filter((name) => all.get(name) === undefined);
    return {
      kind: 'storage#objects',
      ...(items.length ? { items } : {}),
      ...(prefixes.length ? { prefixes } : {}),
      ...(page.length < names.length
        ? { nextPageToken: Buffer.from(page.at(-1) ?? '').toString('base64') }
        : {}),
    };
  }
}

const noObject = (name: string): Refusal => new Refusal(404, `No such object: ${name}`, 'notFound');

const conditionNotMet = (): Refusal =>
  new Refusal(412, 'At least one of the pre-conditions you specified did not hold.', 'conditionNotMet');
