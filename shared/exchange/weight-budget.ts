import { type Clock, MINUTE_MS } from '../time.ts';

/** Weight an address may use in a minute. */
const WEIGHT_PER_MINUTE = 2_400;

/** Keeps requests within a share of the weight the exchange allows an address in a minute. */
export class WeightBudget {
  readonly #clock: Clock;
  readonly #limit: number;
  #minute = 0;
  #used = 0;

  constructor(clock: Clock, share: number) {
    this.#clock = clock;
    this.#limit = WEIGHT_PER_MINUTE * share;
  }

  /** Waits until a request of this weight fits, and counts it. */
  async take(weight: number): Promise<void> {
    this.#turnMinute();
    while (this.#used > 0 && this.#used + weight > this.#limit) {
      await this.#clock.sleep(MINUTE_MS - (this.#clock.now() % MINUTE_MS));
      this.#turnMinute();
    }
    this.#used += weight;
  }

  /** What the exchange has counted; others at this address count too. */
  correct(usedWeight: number): void {
    this.#used = Math.max(this.#used, usedWeight);
  }

  #turnMinute(): void {
    const minute = Math.floor(this.#clock.now() / MINUTE_MS);
    if (minute !== this.#minute) [this.#minute, this.#used] = [minute, 0];
  }
}
