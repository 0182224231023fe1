import type { Faults } from '../../../simulator/faulty/faults.ts';
import type { Connection } from '../../../simulator/socket/connection.ts';
import { expectedRow } from '../chunks.ts';

/** Rows are on disk this long after they came, at the latest. */
const AT_RISK_MS = 1_000;

type Record = {
  /** The row each message must become; undefined for a message that is no row. */
  rows: (string | undefined)[];
  reads: { count: number; atMs: number }[];
  killedAtMs: number;
};

/** Stands in the simulator and writes down what each connection was sent, and what it is known to have read, and when. */
export class Witness {
  readonly faults: Faults;
  readonly #records = new Map<Connection, Record>();

  constructor(stage: Faults = {}) {
    this.faults = {
      ...stage,
      onSent: (connection, payload) => this.#of(connection).rows.push(rowOf(payload)),
      onRead: (connection, count) => this.#of(connection).reads.push({ count, atMs: Date.now() }),
    };
  }

  get openConnections(): Connection[] {
    return [...this.#records.keys()].filter(({ isOpen }) => isOpen);
  }

  /** The process behind the connection was killed. */
  killed(connection: Connection, atMs: number): void {
    this.#of(connection).killedAtMs = atMs;
  }

  /** Rows of all messages that were sent. */
  sent(): Set<string> {
    return new Set(
      [...this.#records.values()].flatMap(({ rows }) => rows.filter((row) => row !== undefined)),
    );
  }

  /** Rows that were read, by a process that was not killed within a second from then. */
  delivered(): Set<string> {
    const delivered = new Set<string>();
    for (const { rows, reads, killedAtMs } of this.#records.values()) {
      const count = reads.findLast(({ atMs }) => atMs <= killedAtMs - AT_RISK_MS)?.count ?? 0;
      for (const row of rows.slice(0, count)) if (row !== undefined) delivered.add(row);
    }
    return delivered;
  }

  #of(connection: Connection): Record {
    const record = this.#records.get(connection) ?? {
      rows: [],
      reads: [],
      killedAtMs: Number.POSITIVE_INFINITY,
    };
    this.#records.set(connection, record);
    return record;
  }
}

/** As a chunk holds it, with symbol and kind before; undefined where a kept field is missing or the text is no frame. */
function rowOf(payload: string | Uint8Array): string | undefined {
  if (typeof payload !== 'string') return undefined;
  try {
    const { data } = JSON.parse(payload);
    const isTrade = data.e === 'aggTrade';
    if (!isTrade && data.e !== 'depthUpdate') return undefined;
    const needed = isTrade ? ['T', 'p', 'q', 'm', 'a', 'f', 'l', 'E', 's'] : ['T', 'b', 'a', 'u', 'E', 's'];
    if (needed.some((key) => data[key] === undefined)) return undefined;
    const { symbol, kind, row } = expectedRow(payload);
    return `${symbol} ${kind} ${row}`;
  } catch {
    return undefined;
  }
}
