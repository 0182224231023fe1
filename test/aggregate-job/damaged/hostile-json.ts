import type { Change } from './damage.ts';

/** Any JSON there may be. */
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Values that stand where others are expected. */
const VALUES: readonly Json[] = [
  null,
  true,
  0,
  -1,
  0.5,
  2 ** 53,
  1e308,
  '',
  '1e5',
  '-1',
  'NaN',
  '9'.repeat(4_000),
  `0.${'3'.repeat(4_000)}`,
  '../../../etc/passwd',
  '\u0000',
  '2024-13-45',
  [],
  [null],
  [[5, 1]],
  [[0, 1e15]],
  [['a', 'b']],
  {},
  { close: null },
  { toString: null },
];

/** Texts that are no object of ours. */
const TEXTS = [
  '',
  'null',
  '[]',
  '{}',
  '0',
  '"{}"',
  '{"schema_version":1}',
  '{"schema_version":2}',
  '{"schema_version":1e400}',
  '\ufeff{"schema_version":1}',
  '{"schema_version":1,"__proto__":{"close":"1"}}',
  '['.repeat(50_000),
  `{"schema_version":1,"trades":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
  '<html>502 Bad Gateway</html>',
];

/** Another text altogether. */
export const anotherText: Change = (_, dice) => Buffer.from(dice.pick(TEXTS));

/** One value, at any depth, is another one, or gone. */
export const anotherValue: Change = (bytes, dice) => {
  const json = parsed(bytes);
  const places = placesOf(json);
  if (places.length === 0) return anotherText(bytes, dice);
  const { parent, key } = dice.pick(places);
  if (Array.isArray(parent)) parent[Number(key)] = dice.pick(VALUES);
  else if (dice.chance(0.3)) delete parent[key];
  else parent[key] = dice.pick(VALUES);
  return Buffer.from(JSON.stringify(json));
};

/** A well-formed number that is not the right one. */
export const anotherNumber: Change = (bytes, dice) => {
  const numbers = [...bytes.toString('latin1').matchAll(/(?<=: ?"?)\d+/g)];
  if (numbers.length === 0) return bytes;
  const { index, 0: digits } = dice.pick(numbers);
  const text = bytes.toString('latin1');
  const other = String(Number(digits) + dice.pick([-1, 1, 7]));
  return Buffer.from(text.slice(0, index) + other + text.slice(index + digits.length), 'latin1');
};

type Place = { parent: Json[] | { [key: string]: Json }; key: string };

function placesOf(json: Json): Place[] {
  if (json === null || typeof json !== 'object') return [];
  const places: Place[] = [];
  for (const [key, value] of Object.entries(json)) places.push({ parent: json, key }, ...placesOf(value));
  return places;
}

function parsed(bytes: Buffer): Json {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null;
  }
}
