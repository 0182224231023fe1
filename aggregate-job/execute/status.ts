/** Codes of google.rpc.Code that are told apart. */
export const STATUS = {
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** The code of an error of the client; undefined for any other. */
export function statusOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number'
    ? error.code
    : undefined;
}

/** True where asking again may help; for calls that change nothing. */
export function mayPass(error: unknown): boolean {
  const passing: readonly (number | undefined)[] = [
    STATUS.unknown,
    STATUS.deadlineExceeded,
    STATUS.resourceExhausted,
    STATUS.aborted,
    STATUS.internal,
    STATUS.unavailable,
  ];
  return passing.includes(statusOf(error));
}
