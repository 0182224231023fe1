import { errorText } from '../../shared/errors.ts';
import { ExchangeError } from '../../shared/exchange/request.ts';
import type { ExchangeRest } from '../../shared/exchange/rest.ts';
import type { RestAggTrade } from '../../shared/exchange/wire.ts';
import { chunkObjectName, REPAIR_WRITER } from '../../shared/lake/object-names.ts';
import { packChunkNow } from '../../shared/lake/pack.ts';
import { TRADE_HEADER, tradeLine } from '../../shared/lake/trade.ts';
import type { Progress } from '../../shared/program/progress.ts';
import type { Store } from '../../shared/store/store.ts';
import { DAY_MS, dayStartMs, MINUTE_MS } from '../../shared/time.ts';
import { countIds, firstIds, type IdRange } from '../proof/id-ranges.ts';
import { BadRow, readTradeRow } from '../scan/read-row.ts';
import { fetchTrades } from './fetch-trades.ts';

/** What a repair works on. */
export type RepairTask = {
  rest: ExchangeRest;
  raw: Store;
  symbol: string;
  date: string;
  missing: IdRange[];
  /** Numbers that chunks of the repair writer have already, by minute of the day. */
  taken: Map<number, number>;
  /** No more ids than this are fetched. */
  maxIds: number;
  progress: Progress;
  /** Told of a row of the exchange that is none, once in a run. */
  warnOnce(message: string): void;
};

/** What came of a repair: how many trades were stored, and why it ended early, if it did. */
export type RepairResult = { stored: number; error: ExchangeError | undefined };

/**
 * Fetches missing trades and stores them as one-minute chunks of the writer `repair`, minute by minute, so that a repair
 * that is cut short keeps what it has. An error of the exchange ends it; an error of the store is thrown.
 */
export async function repairTrades(task: RepairTask): Promise<RepairResult> {
  const { missing, maxIds, progress } = task;
  const ranges = firstIds(missing, maxIds);
  progress.step('repair', countIds(ranges));
  const minute = new MinuteOfRepair(task);
  let fetched = 0;
  let error: ExchangeError | undefined;
  try {
    for (const range of ranges) {
      for await (const page of fetchTrades(task.rest, task.symbol, range)) {
        for (const trade of page) await minute.add(trade);
        fetched += page.length;
        progress.update(fetched);
      }
    }
  } catch (caught) {
    if (!(caught instanceof ExchangeError)) throw caught;
    error = caught;
  }
  await minute.flush();
  progress.end({ ids: fetched, ...(error ? { stopped: errorText(error) } : {}) });
  return { stored: minute.stored, error };
}

/** Collects the trades of one minute at a time and stores them when another minute begins. */
class MinuteOfRepair {
  stored = 0;
  readonly #task: RepairTask;
  readonly #taken: Map<number, number>;
  #minute = -1;
  #lines: string[] = [];

  constructor(task: RepairTask) {
    this.#task = task;
    this.#taken = new Map(task.taken);
  }

  async add(trade: RestAggTrade): Promise<void> {
    const time = trade.T - dayStartMs(this.#task.date);
    if (time < 0 || time >= DAY_MS) return; // an id of the range that the exchange puts into another day
    const line = tradeLine(trade);
    if (!this.#isRow(line, trade)) return;
    const minute = Math.floor(time / MINUTE_MS);
    if (minute !== this.#minute) await this.flush();
    this.#minute = minute;
    this.#lines.push(line);
  }

  /** What our own reader refuses would be stored again by every run, and never help. */
  #isRow(line: string, { a }: RestAggTrade): boolean {
    const { symbol, date, warnOnce } = this.#task;
    try {
      readTradeRow(line.trimEnd(), dayStartMs(date));
      return true;
    } catch (error) {
      if (!(error instanceof BadRow)) throw error;
      warnOnce(`repair ${symbol} ${date}: the exchange's row of trade ${a} is left out: ${error.message}`);
      return false;
    }
  }

  async flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    const { raw, symbol, date } = this.#task;
    const n = this.#taken.get(this.#minute) ?? 0;
    const name = chunkObjectName(symbol, date, {
      kind: 'trades',
      minute: this.#minute,
      writer: REPAIR_WRITER,
      n,
    });
    const text = `${TRADE_HEADER}\n${this.#lines.join('')}`;
    if ((await raw.create(name, packChunkNow(text))) === undefined)
      throw new Error(`create ${name}: another run repairs at the same time`);
    this.#taken.set(this.#minute, n + 1);
    this.stored += this.#lines.length;
    this.#lines = [];
  }
}
