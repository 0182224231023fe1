// The bars of a day and nothing else: what the job does between listing the chunks and storing the daily file.
// `ours.ts STORE RESULTS [GCS_ENDPOINT]`

import { availableParallelism } from 'node:os';
import { listInputs } from '../../aggregate-job/archive/inputs.ts';
import { findDay } from '../../aggregate-job/day/findings.ts';
import { readDay } from '../../aggregate-job/day/read-day.ts';
import { DayOutputs, storeBars } from '../../aggregate-job/files/outputs.ts';
import { NO_EVIDENCE } from '../../aggregate-job/proof/evidence.ts';
import { startThreads } from '../../aggregate-job/threads/threads.ts';
import { openStore } from '../../shared/program/open-store.ts';
import { dayStartMs } from '../../shared/time.ts';
import { DATE, SYMBOL } from '../day/name.ts';

const [rawUrl = '', resultsFolder = '', gcsApiEndpoint] = process.argv.slice(2);
const raw = await openStore(rawUrl, { writable: false, gcsApiEndpoint });
const results = await openStore(resultsFolder, { writable: true });
const threads = startThreads(availableParallelism());
const reading = await readDay(await listInputs(raw, SYMBOL, DATE), {
  dayStartMs: dayStartMs(DATE),
  readsAtOnce: 32,
  onProgress: () => {},
  threads,
});
const resolutions = [{ name: '1s', seconds: 1 }];
const outputs = await DayOutputs.find(results, SYMBOL, DATE);
await storeBars(outputs, SYMBOL, DATE, findDay(reading, NO_EVIDENCE), resolutions, threads);
await threads.close();
