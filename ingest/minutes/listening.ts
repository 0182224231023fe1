/** A span of the exchange's time, `[fromMs, toMs)`. */
export type Span = { fromMs: number; toMs: number };

/** Spans that touch or overlap as one, in order: a connection that took over in time leaves no gap. */
export function joined(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const { fromMs, toMs } of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = result.at(-1);
    if (last && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else result.push({ fromMs, toMs });
  }
  return result;
}

/** Starts of the whole slots of `slotMs` inside a span that begin at or after `notBeforeMs`. */
export function wholeSlots({ fromMs, toMs }: Span, slotMs: number, notBeforeMs: number): number[] {
  const starts: number[] = [];
  const firstMs = Math.ceil(Math.max(fromMs, notBeforeMs) / slotMs) * slotMs;
  for (let startMs = firstMs; startMs + slotMs <= toMs; startMs += slotMs) starts.push(startMs);
  return starts;
}
