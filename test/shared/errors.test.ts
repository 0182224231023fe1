import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { errorCode, errorText, UsageError } from '../../shared/errors.ts';

const thrownBy = (work: () => Promise<unknown>): Promise<unknown> =>
  work().then(
    () => undefined,
    (error: unknown) => error,
  );

describe('errorText', () => {
  it('joins the causes after the message', () => {
    const error = new Error('read chunk x', { cause: new Error('gunzip', { cause: 'unexpected end' }) });
    expect(errorText(error)).toBe('read chunk x: gunzip: unexpected end');
  });

  it('does not repeat a cause the message already tells', () => {
    expect(errorText(new Error('read x: no such file', { cause: new Error('no such file') }))).toBe(
      'read x: no such file',
    );
  });

  it('tells the parts of an error without a message of its own', () => {
    const refused = [new Error('connect ::1:80'), new Error('connect 127.0.0.1:80')];
    expect(errorText(new AggregateError(refused))).toBe('connect ::1:80, connect 127.0.0.1:80');
  });

  it('falls back to the code, then to the name', () => {
    expect(errorText(Object.assign(new Error(''), { code: 'ECONNRESET' }))).toBe('ECONNRESET');
    expect(errorText(new RangeError(''))).toBe('RangeError');
  });

  it.each([
    ['text', 'text'],
    [undefined, 'undefined'],
    [42, '42'],
  ])('tells %p, thrown as it is', (thrown, text) => expect(errorText(thrown)).toBe(text));

  it('ends on an error that is its own cause', () => {
    const error: Error = new Error('loop');
    error.cause = error;
    expect(errorText(error)).toBe('loop');
  });
});

describe('errorCode', () => {
  it('reads the code of an error Node threw', async () => {
    expect(errorCode(await thrownBy(() => readFile('/no/such/file')))).toBe('ENOENT');
  });

  it('knows none for other things', () => {
    expect(errorCode(new Error('plain'))).toBeUndefined();
    expect(errorCode({ code: 'ENOENT' })).toBeUndefined();
    expect(errorCode(Object.assign(new Error('numbered'), { code: 404 }))).toBeUndefined();
  });
});

describe('UsageError', () => {
  it('is told apart from other errors by its class and name', () => {
    expect(new UsageError('--date: missing')).toBeInstanceOf(Error);
    expect(new UsageError('--date: missing').name).toBe('UsageError');
  });
});
