import type { FaultKind } from './kinds.ts';

const HUGE_BYTES = 100 * 1_048_576;
const BURST_FRAMES = 50_000;
const KEYS = ['E', 'T', 'p', 'q', 'a', 'f', 'l', 'm', 'b', 'u', 's'];

/** What is sent in place of one frame; undefined for a fault that is not about a single frame. */
export function damaged(
  kind: FaultKind,
  text: string,
  random: () => number,
): Iterable<string | Uint8Array> | undefined {
  switch (kind) {
    case 'duplicate':
      return [text, text];
    case 'gap':
      return [];
    case 'cut':
      return [text.slice(0, 1 + Math.floor(random() * (text.length - 1)))];
    case 'not-json':
      return [`<html>502 Bad Gateway ${Math.floor(random() * 1e6)}</html>`, text];
    case 'unknown-type':
      return [text.replace(/"e":"\w+"/, '"e":"surprise"')];
    case 'binary':
      return [Buffer.from(text), text];
    case 'huge':
      return ['x'.repeat(HUGE_BYTES), text];
    case 'missing-keys':
      return [withoutKey(text, random)];
    case 'new-keys':
      return [text.replace('"data":{', '"data":{"t":[1,{"T":0}],"P":"0","é":null,')];
    case 'burst':
      return burst(text);
    default:
      return undefined;
  }
}

/** The frame with both its times moved. */
export function skewed(text: string, byMs: number): string {
  return text.replace(/"([ET])":(\d+)/g, (_, key, timeMs) => `"${key}":${Number(timeMs) + byMs}`);
}

function withoutKey(text: string, random: () => number): string {
  const frame = JSON.parse(text);
  const present = KEYS.filter((key) => key in frame.data);
  delete frame.data[present[Math.floor(random() * present.length)] ?? 'E'];
  return JSON.stringify(frame);
}

/** The frame over and over, each with an id of its own: no two rows are the same. */
function* burst(text: string): Generator<string> {
  const [, before = '', id = '', after = ''] = /^(.*?"(?:u|a)":)(\d+)(.*)$/s.exec(text) ?? [];
  for (let i = 0; i < BURST_FRAMES; i++) yield `${before}${Number(id) + i}${after}`;
}
