import { openFolderStore } from '../../../shared/store/folder/folder.ts';

/** One of two racers over the same names: `race.ts FOLDER WHO ROUNDS`. Writes which creates and removes it won. */
const [folder = '', who = '', rounds = '0'] = process.argv.slice(2);
const store = await openFolderStore(folder, { writable: true });

const created: number[] = [];
const removed: number[] = [];
for (let n = 0; n < Number(rounds); n++) {
  if (await store.create(`created/${n}`, Buffer.from(who))) created.push(n);
  await increment();
  const doomed = await store.stat(`doomed/${n}`);
  if (doomed && (await store.remove(doomed.name, doomed.generation))) removed.push(n);
}
process.stdout.write(`${JSON.stringify({ created, removed })}\n`);

async function increment(): Promise<void> {
  for (;;) {
    const counter = await store.read('counter');
    if (!counter) throw new Error('read counter: gone');
    const next = Buffer.from(String(Number(counter.bytes.toString()) + 1));
    if (await store.replace('counter', next, counter.generation)) return;
  }
}
