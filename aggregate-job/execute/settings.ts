import { requireDate } from '../../shared/dates.ts';
import { UsageError } from '../../shared/errors.ts';
import { isSymbol } from '../../shared/lake/object-names.ts';
import {
  address,
  helpText,
  integer,
  list,
  readSettings,
  setting,
  text,
} from '../../shared/program/settings.ts';

const SETTINGS = {
  from: setting('first day to build, YYYY-MM-DD; without it what a scheduled run does', requireDate),
  to: setting('last day to build', requireDate),
  symbols: setting('comma-separated symbols, or all; without it what the job is deployed with', symbols),
  tasks: setting(
    'how many tasks share the work; without it what the job is deployed with',
    integer(1, 10_000),
  ),
  follow: setting('start nothing, follow this execution', text),
  project: setting('Google Cloud project', text),
  region: setting('region of the job', text, 'asia-northeast1'),
  job: setting('name of the job', text, 'tapelake-aggregate'),
  runApi: setting('where the Cloud Run API is', address('http'), 'https://run.googleapis.com'),
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

/** What this program does, and its settings. */
export const executeHelp = (): string =>
  helpText('Starts an execution of the deployed job and follows it to its end.', SETTINGS);

/** Reads flags and environment. @throws UsageError */
export function readExecuteSettings(argv: string[], env: NodeJS.ProcessEnv): ExecuteSettings {
  const { project, job, runApi, ...rest } = readSettings(SETTINGS, argv, env);
  if (project === undefined) throw new UsageError('--project is missing, name the Google Cloud project');
  const { from, to, region } = rest;
  if ((from === undefined) !== (to === undefined))
    throw new UsageError('--from and --to belong together, give the first and the last day');
  if (from !== undefined && to !== undefined && to < from)
    throw new UsageError(`--to ${to}: is before --from ${from}`);
  const jobName = `projects/${project}/locations/${region}/jobs/${job}`;
  return { ...rest, project, jobName, runApi: new URL(runApi) };
}

function symbols(value: string, option: string): string {
  const wrong = list(value, option).find((item) => !isSymbol(item));
  if (wrong === undefined) return value;
  throw new UsageError(`${option} ${wrong}: not a symbol, write e.g. BTCUSDT,ETHUSDT or all`);
}
