// The floor of every reader: inflates each chunk of a day once, with as many workers as the job has, and looks at nothing.
// `node floor.ts DAY_FOLDER`

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { inflateRawSync } from 'node:zlib';

const WORKERS = 2;
const GZIP_HEADER_BYTES = 10;
const GZIP_TRAILER_BYTES = 8;

if (isMainThread) {
  const [folder = ''] = process.argv.slice(2);
  const files = ['trades', 'depth'].flatMap((kind) => {
    const names = readdirSync(join(folder, kind));
    return names.map((name) => join(folder, kind, name));
  });
  for (let worker = 0; worker < WORKERS; worker++) {
    new Worker(new URL(import.meta.url), { workerData: files.filter((_, i) => i % WORKERS === worker) });
  }
} else {
  const files: string[] = workerData;
  for (const file of files) {
    const bytes = readFileSync(file);
    const size = bytes.readUInt32LE(bytes.length - 4);
    inflateRawSync(bytes.subarray(GZIP_HEADER_BYTES, bytes.length - GZIP_TRAILER_BYTES), { chunkSize: size });
  }
}
