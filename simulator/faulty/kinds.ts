/** Everything that can be made to go wrong with the sockets. */
export const FAULT_KINDS = [
  'close',
  'reset',
  'day-end',
  'silence-stream',
  'silence-connection',
  'wrong-route',
  'delay',
  'duplicate',
  'reorder',
  'gap',
  'cut',
  'not-json',
  'unknown-type',
  'binary',
  'huge',
  'missing-keys',
  'new-keys',
  'skew',
  'burst',
  'refuse-429',
  'refuse-418',
  'refuse-451',
  'refuse-503',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export function isFaultKind(text: string): text is FaultKind {
  return FAULT_KINDS.some((kind) => kind === text);
}

/** A fault at an exchange time. */
export type PlannedFault = { atMs: number; kind: FaultKind };

/** `count` faults of the given kinds at random times of `[startMs, endMs)`, in order. */
export function planFaults(
  { startMs, endMs }: { startMs: number; endMs: number },
  kinds: readonly FaultKind[],
  count: number,
  random: () => number,
): PlannedFault[] {
  return Array.from({ length: count }, () => ({
    atMs: Math.floor(startMs + random() * (endMs - startMs)),
    kind: kinds[Math.floor(random() * kinds.length)] ?? 'close',
  })).sort((a, b) => a.atMs - b.atMs);
}
