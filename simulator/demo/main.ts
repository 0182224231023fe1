import { runMain } from '../../shared/errors.ts';
import { runDemo } from './demo.ts';

await runMain(() => runDemo({ folder: 'lake', terminal: process.stdout, now: () => performance.now() }));
