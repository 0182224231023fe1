import { describe, expect, it } from '@jest/globals';
import { createLog } from '../../../shared/program/log.ts';
import { logProgress, terminalProgress } from '../../../shared/program/progress.ts';
import { fakeClock } from '../fake-clock.ts';

/** What a terminal shows: each line as it was when it was last drawn, and how often anything was drawn. */
function fakeTerminal(columns?: number) {
  let text = '';
  let draws = 0;
  return {
    ...(columns === undefined ? {} : { columns }),
    write: (part: string) => {
      text += part;
      draws++;
    },
    shown: () => text.split('\n').map((line) => line.slice(line.lastIndexOf('\u001b[K') + 3)),
    draws: () => draws,
  };
}

describe('terminalProgress', () => {
  it('draws a bar over the same line and leaves the figures', async () => {
    const clock = fakeClock();
    const terminal = fakeTerminal();
    const progress = terminalProgress(terminal, 'BTCUSDT', clock.now);
    progress.step('read chunks', 200);
    expect(terminal.shown()).toEqual(['BTCUSDT  read chunks ...']);
    await clock.sleep(500);
    progress.update(50);
    expect(terminal.shown()).toEqual([`BTCUSDT  read chunks ${'█'.repeat(6)}${'░'.repeat(18)} 25 %`]);
    await clock.sleep(700);
    progress.end({ rows: 12 });
    expect(terminal.shown()).toEqual(['BTCUSDT  read chunks  rows 12  1.2 s', '']);
  });

  it('draws ten times a second at most', async () => {
    const clock = fakeClock();
    const terminal = fakeTerminal();
    const progress = terminalProgress(terminal, 'x', clock.now);
    progress.step('work', 1_000);
    for (let done = 1; done <= 1_000; done++) {
      await clock.sleep(1);
      progress.update(done);
    }
    expect(terminal.draws()).toBe(11);
    expect(terminal.shown()).toEqual([`x  work ${'█'.repeat(24)} 100 %`]);
  });

  it('counts where the total is not known, stays at 100 % past it, and fits the terminal', async () => {
    const clock = fakeClock();
    const terminal = fakeTerminal(12);
    const progress = terminalProgress(terminal, 'x', clock.now);
    progress.step('go', 0);
    await clock.sleep(100);
    progress.update(7);
    expect(terminal.shown()).toEqual(['x  go 7']);
    progress.step('on', 1);
    await clock.sleep(100);
    progress.update(3);
    expect(terminal.shown()).toEqual([`x  on ${'█'.repeat(5)}`]);
  });
});

describe('logProgress', () => {
  it('writes one line for each step that ends', async () => {
    const lines: string[] = [];
    const clock = fakeClock();
    const log = createLog('tester', { write: (line) => void lines.push(line) });
    const progress = logProgress(log, 'BTCUSDT 2024-07-19', clock.now);
    progress.step('read chunks', 10);
    progress.update(5);
    await clock.sleep(1_234.4);
    progress.end({ rows: 12 });
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        severity: 'INFO',
        message: 'BTCUSDT 2024-07-19: read chunks',
        work: 'BTCUSDT 2024-07-19',
        step: 'read chunks',
        durationMs: 1234,
        rows: 12,
      }),
    ]);
  });
});
