import type { Log } from '../../shared/program/log.ts';
import { isoMillisecond, MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import type { Figures } from './figures.ts';

type Terminal = { write(text: string): unknown; columns?: number };

/** Where the status goes, and how often. `end` tells the last figures. */
export type Status = {
  everyMs: number;
  show(figures: Figures): void;
  end(figures: Figures): void;
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

function statusLine(figures: Figures): string {
  const { exchangeMs, rows, chunks, waitingChunks, unreadable, setAside, reconnects, shed, staleStreams } =
    figures;
  const time =
    exchangeMs === undefined ? 'waiting' : isoMillisecond(exchangeMs).slice(0, 19).replace('T', ' ');
  const troubles = [
    [unreadable, 'unreadable'],
    [setAside, 'set aside'],
    [Object.values(reconnects).reduce((sum, count) => sum + count), 'reconnects'],
    [shed.trades + shed.depth, 'shed'],
    [staleStreams.length, 'silent streams'],
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
