import type { ServerResponse } from 'node:http';

/** A request that is not done, and how the service says so. */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly status: number;
  readonly reason: string;

  constructor(status: number, message: string, reason = 'invalid') {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

export function answerJson(
  response: ServerResponse,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=UTF-8', ...headers });
  response.end(JSON.stringify(body));
}

export function answerRefusal(response: ServerResponse, { status, message, reason }: Refusal): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
  const errors = [{ message, domain: 'global', reason }];
  response.end(JSON.stringify({ error: { code: status, message, errors } }));
}
