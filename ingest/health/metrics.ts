import { Counter, Gauge, Registry } from 'prom-client';
import type { Figures } from './figures.ts';

type Labelled = Record<string, number>;

/** The figures as Prometheus metrics, read when they are asked for. */
export function createMetrics(figures: () => Figures): Registry {
  const registry = new Registry();
  const gauge = (name: string, help: string, read: (figures: Figures) => number | undefined): void => {
    new Gauge({
      name: `tapelake_ingest_${name}`,
      help,
      registers: [registry],
      collect() {
        const value = read(figures());
        if (value === undefined) this.reset();
        else this.set(value);
      },
    });
  };
  const counter = (name: string, help: string, label: string, read: (figures: Figures) => Labelled): void => {
    new Counter({
      name: `tapelake_ingest_${name}_total`,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset();
        for (const [value, count] of Object.entries(read(figures()))) this.inc({ [label]: value }, count);
      },
    });
  };
  addCounters(counter);
  addGauges(gauge);
  return registry;
}

function addCounters(
  counter: (name: string, help: string, label: string, read: (figures: Figures) => Labelled) => void,
): void {
  counter('rows', 'Rows recorded', 'kind', ({ rows }) => rows);
  counter('frames', 'Frames received', 'result', ({ rows, unreadable, setAside }) => ({
    trades: rows.trades,
    depth: rows.depth,
    unreadable,
    set_aside: setAside,
  }));
  counter('odd_frames', 'Frames that are no rows and were kept whole, or not', 'result', ({ odd }) => ({
    kept: odd.kept,
    dropped: odd.dropped,
  }));
  counter('reconnects', 'Connections opened in place of another', 'reason', ({ reconnects }) => reconnects);
  counter('gaps', 'Holes in the aggregate trade ids as they came', 'count', ({ gaps }) => ({
    holes: gaps.count,
    ids: gaps.ids,
  }));
  counter('shed_rows', 'Rows given up because the spool was full', 'kind', ({ shed }) => shed);
  counter('chunks', 'Chunks stored, and tries that failed', 'result', ({ chunks, storeFailures }) => ({
    stored: chunks,
    failed: storeFailures,
  }));
  counter('chunk_bytes', 'Compressed bytes stored', 'result', ({ chunkBytes }) => ({ stored: chunkBytes }));
  counter('spool_write_failures', 'Writes to the spool that failed', 'result', ({ spoolFailures }) => ({
    failed: spoolFailures,
  }));
  counter('lost_rows', 'Rows neither stored nor on the disk any more', 'result', ({ lostRows }) => ({
    lost: lostRows,
  }));
  counter(
    'run_folders_lost',
    "Times this run's folder was deleted or taken",
    'result',
    ({ lostFolders }) => ({
      lost: lostFolders,
    }),
  );
  counter('left_over_chunks', 'Chunks of dead runs that are not whole', 'result', (figures) => ({
    unreadable: figures.unreadableChunks,
    damaged: figures.damagedChunks,
  }));
}

function addGauges(
  gauge: (name: string, help: string, read: (figures: Figures) => number | undefined) => void,
): void {
  const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1_000);
  gauge('last_trade_age_seconds', 'Since the last trade of any symbol', (f) => seconds(f.tradeAgeMs));
  gauge('last_snapshot_age_seconds', 'Since the last snapshot of any symbol', (f) => seconds(f.depthAgeMs));
  gauge('exchange_clock_offset_seconds', 'Exchange clock minus ours', (f) => seconds(f.clockOffsetMs));
  gauge('symbols', 'Symbols recorded', (f) => f.symbols);
  gauge('disconnected', 'Connections that should be open and are not', (f) => f.disconnected);
  gauge('stale_streams', 'Streams thought dead', (f) => f.staleStreams.length);
  gauge('open_minutes', 'Minutes that still take rows', (f) => f.openMinutes);
  gauge('waiting_chunks', 'Closed chunks that are not stored yet', (f) => f.waitingChunks);
  gauge('upload_lag_seconds', 'How long the oldest chunk waits to be stored', (f) => seconds(f.uploadLagMs));
  gauge('spool_bytes', 'Bytes in the spool', (f) => f.spoolBytes);
}
