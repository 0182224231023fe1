import type { LogLine } from '../aggregate-job/offline-run.ts';

const SEVERITIES = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'];

/**
 * True when a line a program logged, from this resource, passes a filter of Cloud Logging. Of the language only what our filters
 * use: comparisons joined by AND. https://cloud.google.com/logging/docs/view/logging-query-language
 */
export function matchesFilter(
  filter: string,
  resource: { type: string; labels: Record<string, string> },
  line: LogLine,
): boolean {
  const { severity, time: _, ...jsonPayload } = line;
  const entry = { resource, severity, jsonPayload };
  return filter.split(' AND ').every((comparison) => {
    const [, path = '', operator = '', , value = ''] =
      /^([\w.]+)(=|>=)("?)([\w-]+)\3$/.exec(comparison) ?? [];
    if (path === '') throw new Error(`read filter: ${comparison} is not understood here`);
    const found = path.split('.').reduce<unknown>(child, entry);
    if (operator === '=') return found === value;
    return SEVERITIES.indexOf(String(found)) >= SEVERITIES.indexOf(value);
  });
}

function child(parent: unknown, key: string): unknown {
  return typeof parent === 'object' && parent !== null
    ? new Map<string, unknown>(Object.entries(parent)).get(key)
    : undefined;
}
