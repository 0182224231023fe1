// Runs a program and tells on file descriptor 3 what the whole process used. `usage.ts PROGRAM ARGUMENTS...`

import { writeSync } from 'node:fs';

process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  writeSync(3, JSON.stringify({ peakBytes: maxRSS * 1024, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 }));
});
process.argv.splice(1, 1);
await import(process.argv[1] ?? '');
