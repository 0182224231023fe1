import { describe, expect, it } from '@jest/globals';
import { createLog } from '../../../shared/program/log.ts';

/** The lines a log wrote, each read as JSON. */
function collect(write: (log: ReturnType<typeof createLog>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  const log = createLog('tester', { write: (line) => void lines.push(line) });
  log.level = 'trace';
  write(log);
  return lines.map((line) => JSON.parse(line));
}

describe('createLog', () => {
  it.each([
    ['debug', 'DEBUG'],
    ['info', 'INFO'],
    ['warn', 'WARNING'],
    ['error', 'ERROR'],
    ['fatal', 'CRITICAL'],
  ] as const)('writes %s with the severity %s', (level, severity) => {
    const [line] = collect((log) => log[level]('something happened'));
    expect(line).toMatchObject({ severity, program: 'tester', message: 'something happened' });
  });

  it('writes one line an event, with an ISO time and its fields', () => {
    const lines = collect((log) => {
      log.info({ objects: 3 }, 'first\nline');
      log.child({ symbol: '币安人生USDT' }).warn('second');
    });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({ objects: 3, message: 'first\nline' });
    expect(lines[0]?.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(lines[1]).toMatchObject({ symbol: '币安人生USDT', severity: 'WARNING' });
  });

  it('writes errors with message and stack', () => {
    const [line] = collect((log) => log.error({ error: new Error('read x: gone') }, 'failed'));
    expect(line?.error).toMatchObject({
      message: 'read x: gone',
      stack: expect.stringContaining('log.test.ts'),
    });
  });
});

describe('the log', () => {
  it('holds the credentials of no address, wherever it stands', () => {
    const lines: string[] = [];
    const log = createLog('test', { write: (line) => void lines.push(line) });
    const url = 'wss://me:hu%40sh@ex.test/a';
    log.warn(
      { url, deep: [{ url }], error: new Error(`open ${url}`, { cause: new Error(url) }) },
      `open ${url}`,
    );
    log.info(
      { url: 'http://token@ex.test', text: 'mail me@ex.test, see gs://bucket/a@b' },
      'nothing to hide',
    );
    expect(lines.join()).not.toMatch(/hu%40sh|token/);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      url: 'wss://***@ex.test/a',
      message: 'open wss://***@ex.test/a',
    });
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ text: 'mail me@ex.test, see gs://bucket/a@b' });
  });
});
