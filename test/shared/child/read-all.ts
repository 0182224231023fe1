import { mapInOrder } from '../../../shared/concurrency.ts';
import { openStore } from '../../../shared/program/open-store.ts';
import { peakMemoryBytes } from './peak-memory.ts';

/** Reads every object of a bucket, 32 at a time, and writes how many, their bytes and the most memory it took: `read-all.ts URL ENDPOINT`. */
const [url = '', endpoint] = process.argv.slice(2);
const store = await openStore(url, { writable: false, gcsApiEndpoint: endpoint });

const names: string[] = [];
for await (const { name } of store.list('')) names.push(name);
let bytes = 0;
for await (const object of mapInOrder(names, 32, (name) => store.read(name)))
  bytes += object?.bytes.length ?? 0;
process.stdout.write(`${JSON.stringify({ objects: names.length, bytes, peakBytes: peakMemoryBytes() })}\n`);
