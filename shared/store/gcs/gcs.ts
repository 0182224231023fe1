import { UsageError } from '../../errors.ts';
import { retry } from '../../retry.ts';
import { systemClock } from '../../time.ts';
import {
  type Body,
  type ByteRange,
  isObjectName,
  type ObjectInfo,
  type Store,
  type StoredObject,
} from '../store.ts';
import { createCalls, type GcsCalls, type GcsPatience } from './calls.ts';
import { createGcsClient, type GcsClient, type ListPage } from './client.ts';
import { openFailure, retryAfterMs, statusOf } from './errors.ts';
import { readObject } from './read.ts';
import { writeObject } from './write.ts';

export type GcsOptions = {
  /** The address of an emulator, `http://HOST:PORT`; nobody is asked for credentials then. */
  apiEndpoint?: string | undefined;
  /** Told what a person should know though nothing failed. */
  warn?: ((message: string) => void) | undefined;
  patience?: Partial<GcsPatience> | undefined;
};

const PATIENCE: GcsPatience = {
  silenceMs: 30_000,
  retry: { firstDelayMs: 500, maxDelayMs: 32_000, totalMs: 300_000 },
  clock: systemClock,
  random: Math.random,
};

/** Opening tells a person about a mistake; it does not wait out a long outage. */
const OPEN_TOTAL_MS = 60_000;

const BUCKET_URL = /^gs:\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:\/(.+?))?\/?$/s;

/**
 * A bucket on Google Cloud Storage, or a prefix in one, as a store: `gs://bucket[/prefix]`. Every call has a deadline
 * and is tried again while its error may pass; every write depends on a generation, so that a repeated one does no harm.
 * @throws UsageError for a wrong URL, missing credentials or a missing bucket.
 */
export async function openGcsStore(url: string, options: GcsOptions = {}): Promise<Store> {
  const [, bucket, prefix = ''] = BUCKET_URL.exec(url) ?? [];
  if (bucket === undefined)
    throw new UsageError(
      `open store ${url}: no bucket has this name, write gs://BUCKET or gs://BUCKET/PREFIX`,
    );
  if (prefix !== '' && !isObjectName(prefix))
    throw new UsageError(`open store ${url}: ${JSON.stringify(prefix)} is not allowed as a prefix`);
  const patience = { ...PATIENCE, ...options.patience };
  const client = createGcsClient(bucket, endpointOf(url, options.apiEndpoint));
  const calls = createCalls(patience);
  await requireBucket(url, client, calls, patience);
  return new GcsStore(
    `gs://${bucket}/`,
    prefix === '' ? '' : `${prefix}/`,
    client,
    calls,
    options.warn ?? (() => {}),
  );
}

function endpointOf(url: string, text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^https?:\/\/[^/]+\/?$/.test(text)) return text.replace(/\/$/, '');
  throw new UsageError(`open store ${url}: ${text} is no endpoint, write http://HOST:PORT`);
}

async function requireBucket(
  url: string,
  client: GcsClient,
  calls: GcsCalls,
  patience: GcsPatience,
): Promise<void> {
  const policy = { ...patience.retry, totalMs: Math.min(OPEN_TOTAL_MS, patience.retry.totalMs) };
  const isForGood = (error: unknown): boolean => openFailure(url, error) instanceof UsageError;
  try {
    await retry(
      async () => {
        await calls.once(() => client.authenticate());
        await calls.once(() => unlessForbidden(client.findBucket));
      },
      policy,
      (error) => (isForGood(error) ? undefined : retryAfterMs(error)),
      patience,
    );
  } catch (error) {
    throw openFailure(url, error);
  }
}

class GcsStore implements Store {
  readonly url: string;
  readonly #bucketUrl: string;
  readonly #prefix: string;
  readonly #client: GcsClient;
  readonly #calls: GcsCalls;
  readonly #warn: (message: string) => void;

  constructor(
    bucketUrl: string,
    prefix: string,
    client: GcsClient,
    calls: GcsCalls,
    warn: (message: string) => void,
  ) {
    this.url = `${bucketUrl}${prefix}`.replace(/\/$/, '');
    this.#bucketUrl = bucketUrl;
    this.#prefix = prefix;
    this.#client = client;
    this.#calls = calls;
    this.#warn = warn;
  }

  async create(name: string, body: Body): Promise<string | undefined> {
    return writeObject(this.#context, {
      operation: 'create',
      ...this.#object(name),
      body,
      onGeneration: '0',
    });
  }

  async replace(name: string, body: Body, generation: string): Promise<string | undefined> {
    const object = this.#object(name);
    if (!isGeneration(generation)) return undefined;
    return writeObject(this.#context, { operation: 'replace', ...object, body, onGeneration: generation });
  }

  async read(name: string, range?: ByteRange): Promise<StoredObject | undefined> {
    const object = this.#object(name);
    if (!range || range.end > range.start) return readObject(this.#context, { ...object, range });
    const info = await this.stat(name);
    return info && { bytes: Buffer.alloc(0), generation: info.generation };
  }

  async stat(name: string): Promise<ObjectInfo | undefined> {
    const object = this.#object(name);
    return this.#calls.untilDone('stat', object.url, () =>
      unlessAbsent(async () => {
        const { bytes, generation } = await this.#calls.once(() => this.#client.stat(object.name));
        return { name, bytes, generation };
      }),
    );
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    for await (const { objects } of this.#pages(prefix, '')) {
      for (const object of objects) {
        const name = object.name.slice(this.#prefix.length);
        if (isObjectName(name)) yield { ...object, name }; // the console's "folders" are objects whose name ends with /
      }
    }
  }

  async listFolders(prefix: string): Promise<string[]> {
    const names: string[] = [];
    for await (const { folders } of this.#pages(prefix, '/')) names.push(...folders);
    return names.map((name) => name.slice(this.#prefix.length));
  }

  async remove(name: string, generation: string): Promise<boolean> {
    const object = this.#object(name);
    if (!isGeneration(generation)) return false;
    let tries = 0;
    return this.#calls.untilDone('remove', object.url, async () => {
      tries++;
      try {
        await this.#calls.once(() => this.#client.remove(object.name, generation));
        return true;
      } catch (error) {
        if (statusOf(error) === 412) return false;
        if (statusOf(error) === 404) return tries > 1; // a try before may have deleted it, and its answer was lost
        throw error;
      }
    });
  }

  get #context() {
    return { client: this.#client, calls: this.#calls, warn: this.#warn };
  }

  #object(name: string): { name: string; url: string } {
    if (!isObjectName(name) || !isObjectName(this.#prefix + name))
      throw new Error(`use object name ${JSON.stringify(name)}: not allowed`);
    return { name: this.#prefix + name, url: `${this.#bucketUrl}${this.#prefix}${name}` };
  }

  async *#pages(prefix: string, delimiter: string): AsyncGenerator<ListPage> {
    const url = `${this.#bucketUrl}${this.#prefix}${prefix}`;
    let pageToken = '';
    do {
      const token = pageToken;
      const page = await this.#calls.untilDone('list', url, () =>
        this.#calls.once(() => this.#client.listPage(this.#prefix + prefix, delimiter, token)),
      );
      yield page;
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
  }
}

/** The server takes `0` for "does not exist" and refuses text; neither is the generation of an object. */
const isGeneration = (text: string): boolean => /^[1-9]\d{0,18}$/.test(text);

/** Those who only read and write objects may not look at their bucket. */
async function unlessForbidden(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (statusOf(error) !== 403) throw error;
  }
}

async function unlessAbsent<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}
