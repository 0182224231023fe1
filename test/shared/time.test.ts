import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { requireDate } from '../../shared/dates.ts';
import { UsageError } from '../../shared/errors.ts';
import {
  addDays,
  DAY_MS,
  dateOf,
  dayStartMs,
  isDate,
  isoMillisecond,
  minuteText,
  systemClock,
} from '../../shared/time.ts';

const timeMs = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) });

describe('dates', () => {
  it('of a time are those of the calendar in UTC', () => {
    const calendar = new Intl.DateTimeFormat('sv-SE', { timeZone: 'UTC' }); // Swedes write dates as ISO does
    fc.assert(fc.property(timeMs, (time) => expect(dateOf(time)).toBe(calendar.format(time))));
  });

  it('hold every millisecond of their day and none of the next', () => {
    fc.assert(
      fc.property(timeMs, (time) => {
        const start = dayStartMs(dateOf(time));
        expect(start <= time && time < start + DAY_MS).toBe(true);
        expect(dateOf(start)).toBe(dateOf(time));
        expect(dateOf(start + DAY_MS - 1)).toBe(dateOf(time));
        expect(dateOf(start - 1)).toBe(addDays(dateOf(time), -1));
      }),
    );
  });

  it.each(['2024-02-29', '2000-02-29', '2023-12-31', '2024-07-19'])('%s is one', (text) => {
    expect(isDate(text)).toBe(true);
    expect(requireDate(text, '--date')).toBe(text);
  });

  it.each([
    '2024-02-30',
    '2023-02-29',
    '1900-02-29',
    '2024-13-01',
    '2024-00-10',
    '2024-04-31',
    '2024-7-9',
    '24-07-19',
    '2024-07-19T00:00:00Z',
    '2024-07-19\n',
    'today',
    '',
  ])('%j is none', (text) => {
    expect(isDate(text)).toBe(false);
    expect(() => requireDate(text, '--date')).toThrow(UsageError);
    expect(() => requireDate(text, '--date')).toThrow(`--date ${text}`);
  });

  it('are dates exactly when the calendar gives them back', () => {
    const two = (n: number): string => String(n).padStart(2, '0');
    const parts = fc.tuple(
      fc.integer({ min: 1970, max: 2100 }),
      fc.integer({ min: 0, max: 13 }),
      fc.integer({ min: 0, max: 32 }),
    );
    fc.assert(
      fc.property(parts, ([year, month, day]) => {
        const back = new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10);
        const text = `${year}-${two(month)}-${two(day)}`;
        expect(isDate(text)).toBe(back === text);
      }),
    );
  });

  it('step over leap days and years', () => {
    expect(addDays('2024-02-28', 1)).toBe('2024-02-29');
    expect(addDays('2023-02-28', 1)).toBe('2023-03-01');
    expect(addDays('2024-01-01', -1)).toBe('2023-12-31');
  });
});

describe('texts', () => {
  it('of minutes run from 00-00 to 23-59', () => {
    expect([0, 59, 60, 1439].map(minuteText)).toEqual(['00-00', '00-59', '01-00', '23-59']);
  });

  it('of times keep the millisecond', () => {
    expect(isoMillisecond(Date.UTC(2024, 6, 19) + 123)).toBe('2024-07-19T00:00:00.123Z');
  });
});

describe('systemClock.sleep', () => {
  it('rejects with the reason of a signal aborted before or during it', async () => {
    const reason = new Error('stop');
    await expect(systemClock.sleep(1e6, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const sleeping = systemClock.sleep(1e6, controller.signal);
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
  });
});
