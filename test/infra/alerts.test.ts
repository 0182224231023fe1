// Each alert's filter is tried on the lines that the programs really log.

import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Figures } from '../../ingest/health/figures.ts';
import { logStatus } from '../../ingest/health/status.ts';
import { createTally } from '../../ingest/health/tally.ts';
import { createLog } from '../../shared/program/log.ts';
import { openFolderStore } from '../../shared/store/folder/folder.ts';
import { dayStartMs } from '../../shared/time.ts';
import { writeRows } from '../aggregate-job/chunks.ts';
import { type LogLine, runOffline } from '../aggregate-job/offline-run.ts';
import { temporaryFolder } from '../shared/temporary-folder.ts';
import { matchesFilter } from './log-filter.ts';
import { type Block, block, blocks, expression, readTerraform, type Terraform } from './terraform.ts';

const RESOURCES = {
  job: { type: 'cloud_run_job', labels: { job_name: 'tapelake-aggregate' } },
  recorder: { type: 'cloud_run_worker_pool', labels: { worker_pool_name: 'tapelake-recorder' } },
};

let terraform: Terraform;
let filters: Record<string, string>;
beforeAll(async () => {
  terraform = await readTerraform();
  const prefixes = { in_job: terraform.local('in_job'), in_recorder: terraform.local('in_recorder') };
  filters = Object.fromEntries(
    Object.entries(block(terraform.local('log_metrics'))).map(([name, filter]) => [
      name,
      Object.entries(prefixes).reduce(
        (text, [local, value]) => text.replace(expression(`local.${local}`), String(value)),
        String(filter),
      ),
    ]),
  );
});

/** Names of the metrics that count a line. */
function countedBy(resource: keyof typeof RESOURCES, line: LogLine): string[] {
  return Object.keys(filters).filter((name) => matchesFilter(filters[name] ?? '', RESOURCES[resource], line));
}

function linesOf(write: (log: ReturnType<typeof createLog>) => void): LogLine[] {
  const lines: LogLine[] = [];
  write(createLog('ingest', { write: (line) => void lines.push(JSON.parse(line)) }));
  return lines;
}

describe('what is counted in the logs', () => {
  it('is the recorder’s sign of life, once a minute', () => {
    const figures: Figures = {
      ...createTally(),
      exchangeMs: 0,
      clockOffsetMs: 0,
      tradeAgeMs: 0,
      depthAgeMs: 0,
      symbols: 1,
      disconnected: 0,
      staleStreams: [],
      openMinutes: 0,
      waitingChunks: 0,
      uploadLagMs: 0,
      isStoreFailing: false,
      spoolBytes: 0,
    };
    const [line = {}] = linesOf((log) => logStatus(log).show(figures));
    expect(countedBy('recorder', line)).toEqual(['tapelake-recording']);
    expect(
      linesOf((log) => logStatus(log).end(figures)).flatMap((end) => countedBy('recorder', end)),
    ).toEqual([]);
    expect(logStatus(createLog('ingest', { write: () => {} })).everyMs).toBe(60_000);
  });

  it('is each of the recorder’s errors, and none of its warnings', () => {
    const lines = linesOf((log) => {
      log.error({ stream: 'btcusdt@depth20@100ms' }, 'silent');
      log.fatal('cannot go on');
      log.warn('connection ended');
    });
    expect(lines.map((line) => countedBy('recorder', line))).toEqual([
      ['tapelake-recorder-errors'],
      ['tapelake-recorder-errors'],
      [],
    ]);
  });

  it('is a partial day, once, and raw chunks that are older than three days', async () => {
    const folder = await temporaryFolder();
    const store = await openFolderStore(folder.path, { writable: true });
    const T = dayStartMs('2024-07-18') + 1_000;
    const trades = [{ T, price: '10.5', quantity: '2', maker: false, id: 7, first: 9, last: 9 }];
    await writeRows(store, 'BTCUSDT', 'a', { trades });
    const counted = async (now: string): Promise<string[]> =>
      (await runOffline(store, ['--keep-raw'], { now })).lines
        .flatMap((line) => countedBy('job', line))
        .sort();
    expect(await counted('2024-07-19T01:00:00Z')).toEqual(['tapelake-partial-days']);
    expect(await counted('2024-07-22T13:00:00Z')).toEqual(['tapelake-old-raw', 'tapelake-partial-days']);
    await folder.remove();
  });
});

describe('the alerts', () => {
  const policy = (name: string): Block => terraform.resource('google_monitoring_alert_policy', name);
  const condition = (name: string, kind: string): Block =>
    block(blocks(blocks([policy(name)], 'conditions'), kind));
  /** What must not happen even once, by name. */
  const never = (): Record<string, Block> =>
    Object.fromEntries(
      Object.entries(block(terraform.local('never'))).map(([name, alert]) => [name, block(alert)]),
    );

  it('watch the job and the pool that are deployed', () => {
    const { job, recorder } = RESOURCES;
    expect(terraform.resource('google_cloud_run_v2_job', 'aggregate')['name']).toBe(job.labels.job_name);
    const pool = terraform.resource('google_cloud_run_v2_worker_pool', 'recorder');
    expect(pool['name']).toBe(recorder.labels.worker_pool_name);
  });

  it('look at every metric that is counted, and at the platform’s count of runs', () => {
    const watching = [
      ...Object.values(never()),
      condition('job_absent', 'condition_absent'),
      condition('recorder_missing', 'condition_threshold'),
    ];
    const watched = watching.map(({ filter }) => /metric\.type="([^"]+)"/.exec(String(filter))?.[1]);
    const ours = Object.keys(filters).map((name) => `logging.googleapis.com/user/${name}`);
    const runs = 'run.googleapis.com/job/completed_execution_count';
    expect(watched.sort()).toEqual([...ours, runs, runs].sort());
    expect(terraform.resource('google_logging_metric', 'counted')).toMatchObject({
      for_each: expression('local.log_metrics'),
      name: expression('each.key'),
      filter: expression('each.value'),
    });
  });

  it('tell someone and say what to do', () => {
    const policies = Object.values(terraform.resources('google_monitoring_alert_policy'));
    expect(policies).toHaveLength(3);
    for (const { notification_channels } of policies)
      expect(notification_channels).toBe(expression('local.notified'));
    const advice = ['job_absent', 'recorder_missing'].map(
      (name) => block(policy(name)['documentation'])['content'],
    );
    for (const text of [...advice, ...Object.values(never()).map((alert) => alert['advice'])])
      expect(String(text).length).toBeGreaterThan(50);
  });

  it('tell at once of a failed run and whatever else must never happen', () => {
    expect(policy('never')['for_each']).toBe(expression('local.never'));
    const once = {
      filter: expression('each.value.filter'),
      comparison: 'COMPARISON_GT',
      threshold_value: 0,
      duration: '0s',
    };
    expect(condition('never', 'condition_threshold')).toMatchObject(once);
    expect(never()['job_failed']?.['filter']).toContain('metric.labels.result="failed"');
  });

  it('tell after 18 hours without a good run', () => {
    const absent = condition('job_absent', 'condition_absent');
    expect(absent['filter']).toContain('metric.labels.result="succeeded"');
    const seconds = Number(/^(\d+)s$/.exec(String(absent['duration']))?.[1]);
    expect(seconds).toBe(18 * 3_600);
    expect(seconds).toBeLessThan(23.5 * 3_600);
  });

  it('tell when one of several recorders is missing, and not when all are there', () => {
    const fewer = condition('recorder_missing', 'condition_threshold');
    expect(fewer).toMatchObject({
      comparison: 'COMPARISON_LT',
      threshold_value: expression('10 * (var.recorders - 0.5)'),
      evaluation_missing_data: 'EVALUATION_MISSING_DATA_ACTIVE',
    });
    expect(block(fewer['aggregations'])).toMatchObject({
      alignment_period: '600s',
      cross_series_reducer: 'REDUCE_SUM',
    });
  });
});
