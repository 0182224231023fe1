import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Figures } from '../../../ingest/health/figures.ts';
import { type HealthServer, startHealthServer } from '../../../ingest/health/server.ts';
import { createTally } from '../../../ingest/health/tally.ts';
import { UsageError } from '../../../shared/errors.ts';
import { createLog } from '../../../shared/program/log.ts';

const WELL: Figures = {
  ...createTally(),
  rows: { trades: 7, depth: 70 },
  exchangeMs: 1_000,
  clockOffsetMs: -1_500,
  tradeAgeMs: 250,
  depthAgeMs: 0,
  symbols: 2,
  disconnected: 0,
  staleStreams: [],
  openMinutes: 4,
  waitingChunks: 1,
  uploadLagMs: 12_000,
  isStoreFailing: false,
  spoolBytes: 4_096,
};

describe('the health server', () => {
  let figures: Figures;
  let server: HealthServer;
  beforeEach(async () => {
    figures = WELL;
    server = await startHealthServer(
      { port: 0, host: '127.0.0.1' },
      () => figures,
      createLog('test', { write: () => {} }),
    );
  });
  afterEach(() => server.close());
  const get = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);

  it('is healthy when nothing is wrong', async () => {
    const response = await get('/healthz');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ healthy: true, troubles: [], symbols: 2 });
  });

  it.each<[string, Partial<Figures>, string]>([
    ['a silent stream', { staleStreams: ['btcusdt@aggTrade'] }, 'btcusdt@aggTrade'],
    ['no connection', { disconnected: 1 }, 'not open'],
    ['a store that fails', { isStoreFailing: true }, 'the store'],
    ['an upload lag', { uploadLagMs: 200_000 }, '200 s'],
    ['rows shed', { shed: { trades: 1, depth: 2 } }, '2 depth, 1 trades'],
    ['odd frames that were not kept', { odd: { kept: 5, bytes: 9, dropped: 3 } }, '3 odd frames'],
    ['a disk that refuses', { spoolFailures: 3 }, 'the spool'],
  ])('names %s, and stays alive', async (_, wrong, named) => {
    figures = { ...WELL, ...wrong };
    const response = await get('/healthz');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      healthy: false,
      troubles: [expect.stringContaining(named)],
    });
    expect((await get('/livez')).status).toBe(200);
  });

  it('tells of odd frames that were kept, and is healthy', async () => {
    figures = { ...WELL, odd: { kept: 5, bytes: 900, dropped: 0 } };
    const response = await get('/healthz');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ odd: { kept: 5, bytes: 900, dropped: 0 } });
  });

  it('tells Prometheus', async () => {
    const text = await (await get('/metrics')).text();
    expect(text).toContain('tapelake_ingest_rows_total{kind="depth"} 70');
    expect(text).toContain('tapelake_ingest_exchange_clock_offset_seconds -1.5');
    expect(text).toContain('tapelake_ingest_last_trade_age_seconds 0.25');
    expect(text).toContain('tapelake_ingest_reconnects_total{reason="age"} 0');
    figures = { ...WELL, rows: { trades: 8, depth: 90 }, gaps: { count: 2, ids: 30 } };
    expect(await (await get('/metrics')).text()).toContain('tapelake_ingest_gaps_total{count="holes"} 2');
    expect(await (await get('/metrics')).text()).toContain('tapelake_ingest_gaps_total{count="ids"} 30');
    expect(await (await get('/metrics')).text()).toContain('tapelake_ingest_rows_total{kind="depth"} 90');
  });

  it('listens where it is told and nowhere else', async () => {
    const elsewhere = `http://127.0.0.2:${server.port}/livez`;
    await expect(fetch(elsewhere)).rejects.toThrow();
    const log = createLog('test', { write: () => {} });
    const everywhere = await startHealthServer({ port: 0, host: '0.0.0.0' }, () => figures, log);
    expect((await fetch(`http://127.0.0.2:${everywhere.port}/livez`)).status).toBe(200);
    await everywhere.close();
  });

  it('names the address that cannot be had', async () => {
    const log = createLog('test', { write: () => {} });
    const start = (host: string, port: number) => startHealthServer({ host, port }, () => figures, log);
    await expect(start('127.0.0.1', server.port)).rejects.toThrow(UsageError);
    await expect(start('127.0.0.1', server.port)).rejects.toThrow(`--port ${server.port}`);
    await expect(start('192.0.2.1', 0)).rejects.toThrow('--host 192.0.2.1');
  });

  it('knows no other page', async () => {
    expect((await get('/')).status).toBe(404);
  });
});
