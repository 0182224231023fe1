import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ExchangeClock } from '../../../ingest/minutes/exchange-clock.ts';

const NOON = Date.parse('2024-07-18T12:00:00Z');
/** The local clock is 1.5 s behind the exchange's, as in the recording. */
const LOCAL = NOON - 1_500;

function clockAt(eventMs = NOON): ExchangeClock {
  const clock = new ExchangeClock(LOCAL);
  clock.saw(eventMs, LOCAL);
  return clock;
}

describe('the exchange clock of a connection', () => {
  it('knows nothing before the first event', () => {
    const clock = new ExchangeClock(LOCAL);
    clock.tick(LOCAL + 5_000, 500);
    expect(clock.nowMs).toBeUndefined();
    expect(clock.listeningSinceMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('shows the largest event time, whatever the order of arrival', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50_000 }), { minLength: 1 }), (offsets) => {
        const clock = clockAt();
        for (const offset of offsets) clock.saw(NOON + offset, LOCAL);
        expect(clock.nowMs).toBe(NOON + Math.max(0, ...offsets));
      }),
    );
  });

  it('is carried on by local time while nothing arrives, and corrected by the next event', () => {
    const clock = clockAt();
    for (let ms = 250; ms <= 4_000; ms += 250) clock.tick(LOCAL + ms, 500);
    expect(clock.nowMs).toBe(NOON + 4_000);
    expect(clock.seenMs).toBe(NOON);
    clock.saw(NOON + 3_900, LOCAL + 4_010);
    expect(clock.nowMs).toBe(NOON + 3_900);
  });

  it('is not carried past what waits unread while the process was held up', () => {
    const clock = clockAt();
    clock.tick(LOCAL + 250, 500);
    clock.tick(LOCAL + 20_250, 500);
    expect(clock.nowMs).toBe(NOON + 750);
  });

  it('does not run back with the local clock', () => {
    const clock = clockAt();
    clock.tick(LOCAL + 250, 500);
    clock.tick(LOCAL - 3_600_000, 500);
    expect(clock.nowMs).toBe(NOON);
  });

  it('remembers that it listened from the opening on', () => {
    const clock = new ExchangeClock(LOCAL);
    clock.saw(NOON, LOCAL + 7_000);
    expect(clock.listeningSinceMs).toBe(NOON - 7_000);
  });

  it.each([
    ['ahead', 61_000],
    ['behind', -61_000],
  ])('takes a jump %s only from three consistent events in a row', (_, jumpMs) => {
    const clock = clockAt();
    clock.saw(NOON + jumpMs, LOCAL);
    clock.saw(NOON + jumpMs + 5, LOCAL);
    expect(clock.nowMs).toBe(NOON);
    clock.saw(NOON + 1, LOCAL); // an event of the present in between: the two before were damage
    clock.saw(NOON + jumpMs, LOCAL);
    clock.saw(NOON + jumpMs + 5, LOCAL);
    expect(clock.nowMs).toBe(NOON + 1);
    clock.saw(NOON + jumpMs + 3, LOCAL);
    expect(clock.nowMs).toBe(NOON + jumpMs + 5);
  });

  it('does not take three events that contradict each other', () => {
    const clock = clockAt();
    for (const hours of [1, 2, 3, 4, 5, 6]) clock.saw(NOON + hours * 3_600_000, LOCAL);
    expect(clock.nowMs).toBe(NOON);
  });

  it('follows a quiet connection over any silence that passed locally too', () => {
    const clock = clockAt();
    for (let ms = 250; ms <= 600_000; ms += 250) clock.tick(LOCAL + ms, 500);
    clock.saw(NOON + 600_400, LOCAL + 600_010);
    expect(clock.nowMs).toBe(NOON + 600_400);
    expect(clock.listeningSinceMs).toBe(NOON);
  });

  it('claims to have listened over a quiet hour of a replay, not over a clock that was set', () => {
    const quiet = clockAt();
    for (let i = 0; i < 3; i++) quiet.saw(NOON + 3_000_000, LOCAL);
    expect(quiet.listeningSinceMs).toBe(NOON);
    const set = clockAt();
    for (let i = 0; i < 3; i++) set.saw(NOON + 86_400_000, LOCAL);
    expect(set.listeningSinceMs).toBe(NOON + 86_400_000);
  });
});
