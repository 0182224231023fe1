import { openStore } from '../../../shared/program/open-store.ts';

/** Writes objects of one repeated letter until it is killed: `write-forever.ts URL BYTES [ENDPOINT]`. A line for each round of writes that was acknowledged. */
const [url = '', bytes = '0', endpoint] = process.argv.slice(2);
const store = await openStore(url, { writable: true, gcsApiEndpoint: endpoint });

let generation =
  (await store.create('replaced', letters(0))) ?? (await store.stat('replaced'))?.generation ?? '';
for (let n = 1; ; n++) {
  const first = await store.create(`created/${process.pid}-${n}`, letters(n));
  generation = (await store.replace('replaced', letters(n), generation)) ?? '';
  if (!first || !generation) throw new Error('write: refused, though nobody else writes');
  process.stdout.write(`created/${process.pid}-${n}\n`);
}

function letters(n: number): Buffer {
  return Buffer.alloc(Number(bytes), 'abcdefghijklmnopqrstuvwxyz'[n % 26]);
}
