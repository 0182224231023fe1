// The floor of every reader of the day: unpacks each chunk once, with two threads, and looks at nothing. `floor.ts DAY`

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';

const WORKERS = 2;

if (isMainThread) {
  const [day = ''] = process.argv.slice(2);
  const files = ['trades', 'depth'].flatMap((kind) =>
    readdirSync(join(day, kind)).map((name) => join(day, kind, name)),
  );
  for (let worker = 0; worker < WORKERS; worker++) {
    new Worker(new URL(import.meta.url), { workerData: files.filter((_, i) => i % WORKERS === worker) });
  }
} else {
  const files: string[] = workerData;
  for (const file of files) {
    const bytes = readFileSync(file);
    gunzipSync(bytes, { chunkSize: bytes.readUInt32LE(bytes.length - 4) }); // the size is known: no buffer has to grow
  }
}
