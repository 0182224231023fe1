// What people would do instead: bars by DuckDB, and a zip of the day's CSVs, compressed with level 6 by the usual package.
// `duckdb-zip.ts TOOLS DAY OUT_CSV OUT_ZIP`

import { createReadStream, createWriteStream, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

type Archive = NodeJS.ReadableStream & {
  append(source: NodeJS.ReadableStream, entry: { name: string }): void;
  finalize(): Promise<void>;
};
type Archiver = { ZipArchive: new (options: { zlib: { level: number } }) => Archive };

const [tools = '', day = '', , out = ''] = process.argv.slice(2);
await import('../bars/duckdb.ts');
const { ZipArchive }: Archiver = createRequire(join(tools, 'package.json'))('archiver');
const zip = new ZipArchive({ zlib: { level: 6 } });
const written = pipeline(zip, createWriteStream(out));
for (const kind of ['depth', 'trades']) {
  for (const name of readdirSync(join(day, kind))) {
    const chunk = createReadStream(join(day, kind, name)).pipe(createGunzip());
    const added = new Promise((resolve) => zip.once('entry', resolve));
    zip.append(chunk, { name: `${kind}/${name.replace(/\.gz$/, '')}` });
    await added;
  }
}
await zip.finalize();
await written;
