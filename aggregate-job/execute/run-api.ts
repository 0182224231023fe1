import { ExecutionsClient, JobsClient, type protos, TasksClient } from '@google-cloud/run';

type IExecution = protos.google.cloud.run.v2.IExecution;
type ITask = protos.google.cloud.run.v2.ITask;

/** What to start: environment variables for the job's container, and how many tasks (undefined: as deployed). */
export type Start = { variables: Record<string, string>; tasks: number | undefined };

/** An execution as it stands. */
export type Execution = {
  /** `projects/{project}/locations/{region}/jobs/{job}/executions/{execution}` */
  name: string;
  tasks: number;
  succeeded: number;
  failed: number;
  cancelled: number;
  running: number;
  isOver: boolean;
};

/** A task that has ended. */
export type TaskEnd = { index: number; isSuccess: boolean; tries: number; reason: string; logUrl: string };

/** The calls of the Cloud Run API that are used here: each is tried once and throws what the client throws. */
export type RunApi = {
  /** Finds credentials. */
  authenticate(): Promise<void>;
  /** Starts an execution and returns its name. Not idempotent: never to be called again on an error. */
  start(jobName: string, start: Start): Promise<string>;
  /** Names of the job's recent executions whose container has this environment variable. */
  findStarted(jobName: string, variable: { name: string; value: string }): Promise<string[]>;
  execution(name: string): Promise<Execution>;
  endedTasks(name: string): Promise<TaskEnd[]>;
};

const CALL_MS = 60_000;
/** The client's own retries are off: ours know which call may be repeated. */
const ONCE = { timeout: CALL_MS, retry: null };
const RECENT_EXECUTIONS = 50;

/** The API over REST, which a local server can stand in for: over http nobody is asked for credentials. */
export function createRunApi(url: URL): RunApi {
  const options = {
    fallback: true,
    apiEndpoint: url.hostname,
    port: Number(url.port) || (url.protocol === 'http:' ? 80 : 443),
    protocol: url.protocol.slice(0, -1),
    clientOptions: { transporterOptions: { fetchImplementation: fetch } }, // Node's own; the client would load another one
    ...(url.protocol === 'http:' ? { apiKey: 'none' } : {}),
  };
  const jobs = new JobsClient(options);
  const executions = new ExecutionsClient(options);
  const tasks = new TasksClient(options);
  return {
    authenticate: async () => {
      await jobs.auth.getClient();
    },
    start: async (name, { variables, tasks: taskCount }) => {
      const env = Object.entries(variables).map(([variable, value]) => ({ name: variable, value }));
      const overrides = { containerOverrides: [{ env }], ...(taskCount === undefined ? {} : { taskCount }) };
      const [operation] = await jobs.runJob({ name, overrides }, ONCE);
      const metadata: unknown = operation.metadata;
      if (typeof metadata === 'object' && metadata !== null && 'name' in metadata && metadata.name)
        return String(metadata.name);
      throw new Error('the answer does not name the execution');
    },
    findStarted: async (jobName, { name, value }) => {
      const request = { parent: jobName, pageSize: RECENT_EXECUTIONS };
      const [found] = await executions.listExecutions(request, { ...ONCE, autoPaginate: false });
      const isOurs = ({ template }: IExecution): boolean =>
        (template?.containers ?? []).some(({ env }) =>
          env?.some((one) => one.name === name && one.value === value),
        );
      return found.filter(isOurs).map((execution) => execution.name ?? '');
    },
    execution: async (name) => executionOf((await executions.getExecution({ name }, ONCE))[0]),
    endedTasks: async (parent) => {
      const ended: TaskEnd[] = [];
      for await (const task of tasks.listTasksAsync(
        { parent, pageSize: 100 },
        { ...ONCE, autoPaginate: false },
      ))
        if (task.completionTime) ended.push(endOf(task));
      return ended.sort((a, b) => a.index - b.index);
    },
  };
}

function executionOf(execution: IExecution): Execution {
  return {
    name: execution.name ?? '',
    tasks: execution.taskCount ?? 0,
    succeeded: execution.succeededCount ?? 0,
    failed: execution.failedCount ?? 0,
    cancelled: execution.cancelledCount ?? 0,
    running: execution.runningCount ?? 0,
    isOver: Boolean(execution.completionTime),
  };
}

function endOf({ index, retried, conditions, lastAttemptResult, logUri }: ITask): TaskEnd {
  const completed = conditions?.find(({ type }) => type === 'Completed');
  const exit = lastAttemptResult?.exitCode ? `exit ${lastAttemptResult.exitCode}` : '';
  const isSuccess = completed?.state === 'CONDITION_SUCCEEDED';
  return {
    index: index ?? 0,
    isSuccess,
    tries: (retried ?? 0) + 1,
    reason: isSuccess
      ? ''
      : [exit, completed?.message || lastAttemptResult?.status?.message].filter(Boolean).join(', '),
    logUrl: logUri ?? '',
  };
}
