import { withLock } from '../../../shared/store/folder/lock.ts';

/** Takes a lock, says so and never lets go: `hold-lock.ts FOLDER NAME`. */
const [folder = '', name = ''] = process.argv.slice(2);
await withLock(folder, name, async () => {
  process.stdout.write('held\n');
  await new Promise((resolve) => setTimeout(resolve, 2 ** 31 - 1));
});
