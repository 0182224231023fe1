import { createServer, type ServerResponse } from 'node:http';
import { UsageError } from '../../shared/errors.ts';
import type { Log } from '../../shared/program/log.ts';
import type { Figures } from './figures.ts';
import { createMetrics } from './metrics.ts';
import { troublesOf } from './troubles.ts';

export type HealthServer = { port: number; close(): Promise<void> };

/**
 * Answers over HTTP: `/livez` (200 while the event loop turns, whatever the exchange and the bucket do: a restart would
 * help neither, and may destroy the spool), `/healthz` (200, or 503 with what is wrong) and `/metrics` for Prometheus.
 * @throws UsageError where the address cannot be had
 */
export async function startHealthServer(
  { port, host }: { port: number; host: string },
  figures: () => Figures,
  log: Log,
): Promise<HealthServer> {
  const metrics = createMetrics(figures);
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '').split('?')[0];
    if (path === '/livez') return answer(response, 200, 'text/plain', 'ok\n');
    if (path === '/healthz') return answerHealth(response, figures());
    if (path === '/metrics') return answer(response, 200, metrics.contentType, await metrics.metrics());
    return answer(response, 404, 'text/plain', 'see /livez, /healthz and /metrics\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new UsageError(`--host ${host} --port ${port}: cannot be listened on`, { cause })),
    );
    server.listen(port, host, resolve);
  });
  server.on('error', (error) => log.error({ error }, 'health server'));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerHealth(response: ServerResponse, figures: Figures): void {
  const troubles = troublesOf(figures);
  const body = JSON.stringify({ healthy: troubles.length === 0, troubles, ...figures }, null, 2);
  answer(response, troubles.length === 0 ? 200 : 503, 'application/json', `${body}\n`);
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}
