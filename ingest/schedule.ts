import { errorText } from '../shared/errors.ts';
import type { Log } from '../shared/program/log.ts';

/** Work that is done again and again until it is stopped. A run that fails is logged and tried again at its next time. */
export class Schedule {
  readonly #log: Log;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /** Runs `work` every so many ms, never twice at once. `what` names it: "check trades". */
  every(ms: number, what: string, work: () => void | Promise<void>): void {
    let isRunning = false;
    const run = async (): Promise<void> => {
      if (isRunning) return;
      isRunning = true;
      try {
        await work();
      } catch (error) {
        this.#log.warn({ error }, `${what}: ${errorText(error)}`);
      }
      isRunning = false;
    };
    this.#timers.push(setInterval(run, ms));
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
}
