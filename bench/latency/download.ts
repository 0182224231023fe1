// Fetches every chunk of the day and looks at none: the floor of a job whose chunks are far away. `download.ts STORE ENDPOINT`

import { listInputs } from '../../aggregate-job/archive/inputs.ts';
import { mapAll } from '../../shared/concurrency.ts';
import { openStore } from '../../shared/program/open-store.ts';
import { DATE, SYMBOL } from '../day/name.ts';

const READS_AT_ONCE = 32;

const [url = '', gcsApiEndpoint] = process.argv.slice(2);
const raw = await openStore(url, { writable: false, gcsApiEndpoint });
await mapAll(await listInputs(raw, SYMBOL, DATE), READS_AT_ONCE, (input) => input.load());
