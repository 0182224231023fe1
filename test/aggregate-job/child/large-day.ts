// Runs the job on a folder with two threads and prints its exit code and the most memory it took, in bytes.
// Argument: the folder.

import { startThreads } from '../../../aggregate-job/threads/threads.ts';
import { openFolderStore } from '../../../shared/store/folder/folder.ts';
import { peakMemoryBytes } from '../../shared/child/peak-memory.ts';
import { runDay } from '../job.ts';

const threads = startThreads(2);
const store = await openFolderStore(process.argv[2] ?? '', { writable: true });
const { code } = await runDay({ store, threads });
await threads.close();
process.stdout.write(`${code} ${peakMemoryBytes()}\n`);
