import { randomUUID } from 'node:crypto';
import { errorText, UsageError } from '../../shared/errors.ts';
import { createLog } from '../../shared/program/log.ts';
import { runCommand } from '../../shared/program/main.ts';
import { systemClock } from '../../shared/time.ts';
import { follow } from './follow.ts';
import { logReport, terminalReport } from './report.ts';
import { createRunApi, type RunApi } from './run-api.ts';
import { EXECUTE, type ExecuteSettings, executeSettings } from './settings.ts';
import { startOnce } from './start.ts';

/** The exit code of a program that ended at ctrl-C. */
const INTERRUPTED = 130;

await runCommand(EXECUTE, async (given) => {
  const settings = executeSettings(given);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(signal));

  const api = createRunApi(settings.runApi);
  await authenticate(api);
  const name = await executionName(settings, api);
  process.stdout.write(`${name}\n`);
  const label = name.slice(name.lastIndexOf('/') + 1);
  const report = process.stderr.isTTY
    ? terminalReport(process.stderr, label, () => performance.now())
    : logReport(createLog('execute').child({ execution: label }));
  try {
    const end = await follow(name, { api, clock: systemClock, random: Math.random, report }, stop.signal);
    return end.succeeded === end.tasks ? 0 : 1;
  } catch (error) {
    process.stderr.write(howToGoOn(settings, label));
    if (!stop.signal.aborted) throw error;
    return INTERRUPTED;
  }
});

async function authenticate(api: RunApi): Promise<void> {
  try {
    await api.authenticate();
  } catch (error) {
    throw new UsageError(
      `find credentials: ${errorText(error)}; try "gcloud auth application-default login"`,
    );
  }
}

async function executionName(settings: ExecuteSettings, api: RunApi): Promise<string> {
  const { jobName, from, to, symbols, tasks } = settings;
  if (settings.follow !== undefined)
    return settings.follow.includes('/') ? settings.follow : `${jobName}/executions/${settings.follow}`;
  const given = { FROM: from, TO: to, SYMBOLS: symbols };
  const variables = Object.fromEntries(
    Object.entries(given).flatMap(([variable, value]) => (value === undefined ? [] : [[variable, value]])),
  );
  return startOnce(jobName, { variables, tasks }, { api, clock: systemClock, requestId: randomUUID() });
}

function howToGoOn({ project, region }: ExecuteSettings, label: string): string {
  return `\nThe execution goes on. Follow it again: npm run execute -- --project ${project} --region ${region} --follow ${label}
End it: gcloud run jobs executions cancel ${label} --project ${project} --region ${region}\n`;
}
