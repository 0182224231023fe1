import { describe, expect, it } from '@jest/globals';
import { tellOldRaw } from '../../../aggregate-job/plan/old-raw.ts';
import { createLog } from '../../../shared/program/log.ts';

function linesFor(dates: string[], now: string): { [key: string]: unknown }[] {
  const lines: { [key: string]: unknown }[] = [];
  const log = createLog('aggregate-job', { write: (line) => void lines.push(JSON.parse(line)) });
  tellOldRaw(
    dates.map((date) => ({ symbol: 'BTCUSDT', date })),
    Date.parse(now),
    log,
  );
  return lines;
}

describe('tellOldRaw', () => {
  it('is silent while every day is younger', () => {
    expect(linesFor(['2024-07-18', '2024-07-20'], '2024-07-22T00:00:00Z')).toEqual([]);
    expect(linesFor([], '2024-07-22T00:00:00Z')).toEqual([]);
  });

  it('tells once, as an error, how many there are and which is the oldest', () => {
    const lines = linesFor(['2024-07-19', '2024-07-18', '2024-07-17'], '2024-07-22T01:00:00Z');
    expect(lines).toMatchObject([
      { severity: 'ERROR', event: 'old-raw', symbolDays: 2, oldest: '2024-07-17', daysOver: 4 },
    ]);
  });
});
