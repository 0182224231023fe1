import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const JOB = 'projects/p/locations/asia-northeast1/jobs/tapelake-aggregate';
export const EXECUTION = `${JOB}/executions/tapelake-aggregate-x1`;

/** A call that arrived. */
export type Call = { method: string; path: string; body: unknown };
/** What is answered: a status and a body, or `cut`: the connection is closed instead. */
export type Answer = { status?: number; body: unknown } | 'cut' | 'silence';
export type Answers = {
  [route in 'run' | 'execution' | 'executions' | 'tasks']: (call: Call, count: number) => Answer;
};

/** The part of the Cloud Run API that is used, on 127.0.0.1. https://cloud.google.com/run/docs/reference/rest/v2 */
export async function startStandIn(firstAnswers: Partial<Answers> = {}) {
  let answers = firstAnswers;
  const calls: Call[] = [];
  const counts = new Map<string, number>();
  const seen = new EventTarget();
  const server = createServer(async (request, response) => {
    const call = await readCall(request);
    calls.push(call);
    const route = routeOf(call);
    const count = counts.get(route) ?? 0;
    counts.set(route, count + 1);
    const answer = answers[route]?.(call, count) ?? { status: 501, body: {} };
    seen.dispatchEvent(new Event(route));
    send(response, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server's address
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    callsOf: (route: keyof Answers) => calls.filter((call) => routeOf(call) === route),
    /** From now on another API: forgets the calls. */
    answer(next: Partial<Answers>) {
      answers = next;
      calls.length = 0;
      counts.clear();
    },
    /** Resolves at the next call of a route. */
    next: (route: keyof Answers) =>
      new Promise((resolve) => seen.addEventListener(route, resolve, { once: true })),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const failure = (status: number, code: string, message: string): Answer => ({
  status,
  body: { error: { code: status, message, status: code } },
});

export const operation = (name = EXECUTION): Answer => ({
  body: {
    name: 'projects/p/locations/asia-northeast1/operations/o1',
    metadata: { '@type': 'type.googleapis.com/google.cloud.run.v2.Execution', name },
  },
});

export function execution(
  counts: { succeededCount?: number; failedCount?: number; runningCount?: number },
  isOver = false,
): Answer {
  return {
    body: {
      name: EXECUTION,
      taskCount: 3,
      ...counts,
      ...(isOver ? { completionTime: '2026-11-21T02:00:00Z' } : {}),
    },
  };
}

export function taskEnd(
  index: number,
  failed?: { exitCode: number; message: string; retried: number },
): object {
  const state = failed ? 'CONDITION_FAILED' : 'CONDITION_SUCCEEDED';
  return {
    name: `${EXECUTION}/tasks/t${index}`,
    index,
    retried: failed?.retried ?? 0,
    completionTime: '2026-11-21T02:00:00Z',
    conditions: [
      { type: 'Started', state: 'CONDITION_SUCCEEDED' },
      { type: 'Completed', state, message: failed?.message ?? '' },
    ],
    lastAttemptResult: { exitCode: failed?.exitCode ?? 0 },
    logUri: `https://console.cloud.google.com/logs/t${index}`,
  };
}

function routeOf({ path }: Call): keyof Answers {
  if (path.endsWith(':run')) return 'run';
  if (path.endsWith('/tasks')) return 'tasks';
  return path.endsWith('/executions') ? 'executions' : 'execution';
}

async function readCall(request: IncomingMessage): Promise<Call> {
  let text = '';
  for await (const part of request) text += part;
  const path = new URL(request.url ?? '/', 'http://x').pathname;
  return { method: request.method ?? '', path, body: text === '' ? undefined : JSON.parse(text) };
}

function send(response: ServerResponse, answer: Answer): void {
  if (answer === 'silence') return;
  if (answer === 'cut') {
    response.destroy();
    return;
  }
  response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer.body));
}
