import type { Log } from './log.ts';

/** A long piece of work as it is shown: a bar on a terminal, JSON lines elsewhere. */
export type Progress = {
  /** A new step begins; `total` is its number of units, 0 where it is not known. */
  step(name: string, total: number): void;
  /** `done` units of the present step are done. */
  update(done: number): void;
  /** The present step has ended, with the figures worth telling. */
  end(figures?: Figures): void;
};

type Figures = Record<string, string | number>;

type Terminal = { write(text: string): unknown; columns?: number };

const BAR_WIDTH = 24;
const REDRAW_MS = 100;

/** One line that is drawn over and over, ten times a second at most. */
export function terminalProgress(terminal: Terminal, label: string, now: () => number): Progress {
  let name = '';
  let total = 0;
  let startedMs = 0;
  let drawnMs = 0;
  const draw = (text: string): void => {
    terminal.write(`\r\u001b[K${text.slice(0, (terminal.columns ?? 80) - 1)}`);
  };
  return {
    step(nextName, nextTotal) {
      [name, total, startedMs, drawnMs] = [nextName, nextTotal, now(), now()];
      draw(`${label}  ${name} ...`);
    },
    update(done) {
      if (now() - drawnMs < REDRAW_MS) return;
      drawnMs = now();
      draw(`${label}  ${name} ${total > 0 ? bar(done / total) : done}`);
    },
    end(figures = {}) {
      draw(`${label}  ${told(name, figures, now() - startedMs)}`);
      terminal.write('\n');
    },
  };
}

/** One line of text for each step that ends, for a person who reads it later. */
export function lineProgress(output: Pick<Terminal, 'write'>, label: string, now: () => number): Progress {
  return endProgress(now, (step, figures, durationMs) => {
    output.write(`${label}  ${told(step, figures, durationMs)}\n`);
  });
}

/** One JSON log line for each step that ends. */
export function logProgress(log: Log, label: string, now: () => number): Progress {
  return endProgress(now, (step, figures, durationMs) => {
    log.info({ work: label, step, durationMs: Math.round(durationMs), ...figures }, `${label}: ${step}`);
  });
}

/** Says nothing of a step before it ends. */
function endProgress(
  now: () => number,
  tell: (step: string, figures: Figures, durationMs: number) => void,
): Progress {
  let name = '';
  let startedMs = 0;
  return {
    step(nextName) {
      [name, startedMs] = [nextName, now()];
    },
    update() {},
    end(figures = {}) {
      tell(name, figures, now() - startedMs);
    },
  };
}

function told(step: string, figures: Figures, durationMs: number): string {
  const pairs = Object.entries(figures).map(([key, value]) => `${key} ${value}`);
  return [step, ...pairs, `${(durationMs / 1000).toFixed(1)} s`].join('  ');
}

function bar(share: number): string {
  const full = Math.round(Math.min(1, share) * BAR_WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${Math.floor(Math.min(1, share) * 100)} %`;
}
