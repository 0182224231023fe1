import { requireDate } from '../../shared/dates.ts';
import { UsageError } from '../../shared/errors.ts';
import { isSymbol } from '../../shared/lake/object-names.ts';
import { SUMMARIES } from '../../shared/program/commands.ts';
import { setting, type Values } from '../../shared/program/setting.ts';
import { address, integer, list, text } from '../../shared/program/values.ts';

const WHERE = 'Where it is deployed';

/** `tapelake execute`. */
export const EXECUTE = {
  name: 'tapelake execute',
  summary: SUMMARIES.execute,
  usage: '--project NAME [--from DATE --to DATE] [settings]',
  example: 'tapelake execute --project my-project --from 2024-07-01 --to 2024-07-31',
  settings: {
    from: setting({
      help: 'first day to build, YYYY-MM-DD; without it what a scheduled run does',
      value: 'DATE',
      read: requireDate,
    }),
    to: setting({ help: 'last day to build', value: 'DATE', read: requireDate }),
    symbols: setting({
      help: 'comma-separated symbols, or all; without it what the job is deployed with',
      value: 'LIST',
      read: symbols,
    }),
    tasks: setting({
      help: 'how many tasks share the work; without it what the job is deployed with',
      value: 'N',
      read: integer(1, 10_000),
    }),
    follow: setting({ help: 'start nothing, follow this execution', value: 'NAME', read: text }),
    project: setting({
      help: 'Google Cloud project',
      value: 'NAME',
      read: text,
      required: 'my-project',
      group: WHERE,
      env: 'PROJECT',
    }),
    region: setting({
      help: 'region of the job',
      value: 'NAME',
      read: text,
      fallback: 'asia-northeast1',
      group: WHERE,
      env: 'REGION',
    }),
    job: setting({
      help: 'name of the job',
      value: 'NAME',
      read: text,
      fallback: 'tapelake-aggregate',
      group: WHERE,
    }),
    runApi: setting({
      help: 'where the Cloud Run API is',
      value: 'URL',
      read: url,
      fallback: 'https://run.googleapis.com',
      group: WHERE,
    }),
  },
};

export type ExecuteSettings = {
  from: string | undefined;
  to: string | undefined;
  symbols: string | undefined;
  tasks: number | undefined;
  follow: string | undefined;
  /** `projects/{project}/locations/{region}/jobs/{job}` */
  jobName: string;
  project: string;
  region: string;
  runApi: URL;
};

/** Checks what belongs together. @throws UsageError */
export function executeSettings(given: Values<typeof EXECUTE.settings>): ExecuteSettings {
  const { project, job, ...rest } = given;
  const { from, to, region } = rest;
  if ((from === undefined) !== (to === undefined))
    throw new UsageError('--from and --to belong together, give the first and the last day');
  if (from !== undefined && to !== undefined && to < from)
    throw new UsageError(`--to ${to}: is before --from ${from}`);
  return { ...rest, project, jobName: `projects/${project}/locations/${region}/jobs/${job}` };
}

function symbols(value: string, option: string): string {
  const wrong = list(value, option).find((item) => !isSymbol(item));
  if (wrong === undefined) return value;
  throw new UsageError(`${option} ${wrong}: not a symbol, write e.g. BTCUSDT,ETHUSDT or all`);
}

function url(value: string, option: string): URL {
  return new URL(address('http')(value, option));
}
