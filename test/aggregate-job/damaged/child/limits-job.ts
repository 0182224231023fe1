// Builds the day in a folder, whole: `limits-job.ts FOLDER`. Prints its exit code, what it logged and the most memory it took.

import { runJob } from '../../../../aggregate-job/run.ts';
import { startThreads } from '../../../../aggregate-job/threads/threads.ts';
import { openFolderStore } from '../../../../shared/store/folder/folder.ts';
import { peakMemoryBytes } from '../../../shared/child/peak-memory.ts';
import { jobContext } from '../../job.ts';
import { SYMBOL } from '../../market-day.ts';
import { OTHER } from '../lake.ts';

const [folder = ''] = process.argv.slice(2);
const store = await openFolderStore(folder, { writable: true });
const log: Record<string, unknown>[] = [];
const threads = startThreads(2);
const context = jobContext({ store, settings: { symbols: [SYMBOL, OTHER] } }, log);
const code = await runJob({ ...context, threads });
await threads.close();
process.stdout.write(`${JSON.stringify({ code, log, peakBytes: peakMemoryBytes() })}\n`);
