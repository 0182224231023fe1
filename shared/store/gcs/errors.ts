import { errorCode, errorText, UsageError } from '../../errors.ts';

/** An answer that is not a success, where the library leaves it to us to see. */
export class StatusError extends Error {
  override name = 'StatusError';
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, headers: Record<string, string>) {
    super(`${status} ${message.trim().slice(0, 500)}`);
    this.status = status;
    this.headers = headers;
  }
}

/** Something that a further try may well mend: bytes that came damaged, an object that vanished between two calls. */
export class PassingError extends Error {
  override name = 'PassingError';
}

/** What this side does wrong, so that no try helps: a body that cannot be read. */
export class LocalError extends Error {
  override name = 'LocalError';
}

/** The permission each operation needs. */
const PERMISSIONS = {
  create: 'storage.objects.create',
  replace: 'storage.objects.create and storage.objects.delete',
  remove: 'storage.objects.delete',
  read: 'storage.objects.get',
  stat: 'storage.objects.get',
  list: 'storage.objects.list',
};

/** Node's words for a server out of reach; a key file that is not there has another. */
const NETWORK_CODE = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|EAI_AGAIN|ENOTFOUND|ERR_STREAM|ERR_SOCKET)/;

export type Operation = keyof typeof PERMISSIONS;

/** The HTTP status of an error, in each of the shapes the libraries give it; undefined where no answer came. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('status' in error && typeof error.status === 'number') return error.status;
  if ('code' in error && typeof error.code === 'number') return error.code;
  return undefined;
}

/**
 * How long to wait before the next try (0: no wish of the server's); undefined for an error that will not pass.
 * Passing are: no answer, a damaged one, 408, 429, 5xx, a rate limit told as 403, and an upload damaged on its way (400).
 */
export function retryAfterMs(error: unknown): number | undefined {
  if (error instanceof LocalError || error instanceof UsageError || isBug(error)) return undefined;
  const status = statusOf(error);
  const passes =
    status === undefined ||
    status === 408 ||
    status === 429 ||
    status >= 500 ||
    (status === 403 && /rateLimitExceeded|userRateLimit/i.test(reasonsOf(error))) ||
    (status === 400 && /crc32c|md5|checksum/i.test(reasonsOf(error)));
  return passes ? retryAfterHeaderMs(error) : undefined;
}

/**
 * True when the answer says that another object is in the way: the condition does not hold, or, to who may not delete,
 * that a create would have to overwrite.
 */
export function isInTheWay(operation: Operation, error: unknown): boolean {
  const status = statusOf(error);
  return (
    status === 412 ||
    (operation === 'create' && status === 403 && /storage\.objects\.delete/.test(reasonsOf(error)))
  );
}

/** A mistake in a program is not mended by time. */
const isBug = (error: unknown): boolean => error instanceof TypeError || error instanceof ReferenceError;

/** The error as the caller gets it: "verb object: cause", a {@link UsageError} where a person has to mend something. */
export function failure(operation: Operation, url: string, cause: unknown): Error {
  const status = statusOf(cause);
  const what = `${operation} ${url}`;
  if (retryAfterMs(cause) !== undefined || cause instanceof LocalError || status === undefined)
    return new Error(`${what}: ${errorText(cause)}`, { cause });
  if (status === 401)
    return new UsageError(`${what}: the credentials are not accepted (${said(cause)})`, { cause });
  if (status === 403)
    return new UsageError(`${what}: the permission ${PERMISSIONS[operation]} is missing (${said(cause)})`, {
      cause,
    });
  if (status === 404) return new UsageError(`${what}: the bucket does not exist`, { cause });
  return new UsageError(`${what}: refused with ${status} (${said(cause)})`, { cause });
}

/** Why a store cannot be opened. Credentials that cannot be found or are refused are for a person to mend; a server out of reach may pass. */
export function openFailure(url: string, cause: unknown): Error {
  const status = statusOf(cause);
  if (status === 404) return new UsageError(`open store ${url}: the bucket does not exist`, { cause });
  if (
    retryAfterMs(cause) !== undefined &&
    (status !== undefined || NETWORK_CODE.test(errorCode(cause) ?? ''))
  )
    return new Error(`open store ${url}: ${errorText(cause)}`, { cause });
  const fix =
    'run "gcloud auth application-default login" or set GOOGLE_APPLICATION_CREDENTIALS to a key file';
  return new UsageError(`open store ${url}: no valid Google credentials (${said(cause)}); ${fix}`, { cause });
}

/** What the server said, on one line. */
function said(error: unknown): string {
  return errorText(error).replace(/\s+/g, ' ').slice(0, 300);
}

function reasonsOf(error: unknown): string {
  const errors = typeof error === 'object' && error !== null && 'errors' in error ? error.errors : undefined;
  return `${JSON.stringify(errors ?? '')} ${errorText(error)}`;
}

function retryAfterHeaderMs(error: unknown): number {
  const seconds = Number(headerOf(error, 'retry-after'));
  return seconds > 0 ? seconds * 1000 : 0;
}

/** A header of the answer that an error tells of; `name` in small letters. */
export function headerOf(error: unknown, name: string): string | undefined {
  const value = headersOf(error)?.[name];
  return typeof value === 'string' ? value : undefined;
}

function headersOf(error: unknown): Record<string, unknown> | undefined {
  if (error instanceof StatusError) return error.headers;
  if (typeof error !== 'object' || error === null || !('response' in error)) return undefined;
  const { response } = error;
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  const { headers } = response;
  if (headers instanceof Headers) return Object.fromEntries(headers);
  return typeof headers === 'object' && headers !== null ? { ...headers } : undefined;
}
