import { decimal, integer, symbol, time, Unreadable } from './fields.ts';
import type { Row } from './row.ts';

/** The row of a `depth20` snapshot, in the columns of `shared/lake/depth.ts`. @throws Unreadable */
export function readDepth(stream: string, data: Record<string, unknown>, receivedMs: number): Row {
  const timeMs = time(data.T, 'T');
  const eventMs = time(data.E, 'E');
  const id = integer(data.u, 'u');
  const line = `${timeMs},"${levels(data.b, 'b')}","${levels(data.a, 'a')}",${id},${eventMs},${receivedMs}\n`;
  return {
    stream,
    symbol: symbol(data.s),
    kind: 'depth',
    timeMs,
    eventMs,
    id,
    lastId: id,
    line: Buffer.from(line),
  };
}

/** Levels of text pairs as a JSON array of number pairs with the same digits. */
function levels(value: unknown, key: string): string {
  if (!Array.isArray(value)) throw new Unreadable(`${key} is not an array`);
  let text = '';
  for (const level of value) {
    if (!Array.isArray(level) || level.length !== 2)
      throw new Unreadable(`${key} has a level that is no pair`);
    text += `${text === '' ? '' : ','}[${decimal(level[0], key)},${decimal(level[1], key)}]`;
  }
  return `[${text}]`;
}
