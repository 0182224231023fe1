import type { Row } from '../frame/row.ts';
import type { Tally } from '../health/tally.ts';

/** The newest ids of each trade stream: holes between them are counted, and the exchange's newest is compared with them. */
export class TradeIds {
  readonly #tally: Tally;
  readonly #newest = new Map<string, { aggId: number; lastId: number }>();

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** The last single trade seen of a symbol; undefined before the first. */
  lastId(symbol: string): number | undefined {
    return this.#newest.get(symbol)?.lastId;
  }

  saw({ symbol, id, lastId }: Row): void {
    const newest = this.#newest.get(symbol);
    if (!newest) {
      this.#newest.set(symbol, { aggId: id, lastId });
      return;
    }
    if (id <= newest.aggId) return; // heard twice, or late
    if (id > newest.aggId + 1) {
      this.#tally.gaps.count++;
      this.#tally.gaps.ids += id - newest.aggId - 1;
    }
    newest.aggId = id;
    newest.lastId = lastId;
  }
}
