import type { Log } from '../shared/log.ts';
import { isoMillisecond, MINUTE_MS, SECOND_MS } from '../shared/time.ts';
import type { Tally } from './tally.ts';

/** What a person who watches the recorder wants to know. */
export type StatusFigures = Tally & {
  /** The exchange's time; undefined before its first event. */
  exchangeMs: number | undefined;
  openMinutes: number;
  waitingChunks: number;
};

type Terminal = { write(text: string): unknown; columns?: number };

/** Where the status goes, and how often. `end` tells the last figures. */
export type Status = {
  everyMs: number;
  show(figures: StatusFigures): void;
  end(figures: StatusFigures): void;
};

/** One line that is drawn over and over. */
export function terminalStatus(terminal: Terminal): Status {
  const draw = (text: string): void => {
    terminal.write(`\r\u001b[K${text.slice(0, (terminal.columns ?? 80) - 1)}`);
  };
  return {
    everyMs: SECOND_MS / 4,
    show: (figures) => draw(statusLine(figures)),
    end: (figures) => {
      draw(statusLine(figures));
      terminal.write('\n');
    },
  };
}

/** One JSON log line a minute. */
export function logStatus(log: Log): Status {
  return {
    everyMs: MINUTE_MS,
    show: (figures) => log.info(figures, 'recording'),
    end: (figures) => log.info(figures, 'recording ended'),
  };
}

function statusLine(figures: StatusFigures): string {
  const { exchangeMs, rows, chunks, waitingChunks, unreadable, setAside, reconnects } = figures;
  const time =
    exchangeMs === undefined ? 'waiting' : isoMillisecond(exchangeMs).slice(0, 19).replace('T', ' ');
  const troubles = [
    [unreadable, 'unreadable'],
    [setAside, 'set aside'],
    [reconnects, 'reconnects'],
    [waitingChunks, 'to store'],
  ] as const;
  return [
    time,
    `${rows.trades.toLocaleString('en')} trades`,
    `${rows.depth.toLocaleString('en')} snapshots`,
    `${chunks.toLocaleString('en')} chunks`,
    ...troubles.filter(([count]) => count > 0).map(([count, name]) => `${count} ${name}`),
  ].join('  ');
}
