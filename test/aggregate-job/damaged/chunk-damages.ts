import { deflateRawSync, gzipSync } from 'node:zlib';
import { chunkObjectName, parseChunkName, rawDayPrefix } from '../../../shared/lake/object-names.ts';
import { DAY_MINUTES } from '../../../shared/time.ts';
import { chunkBytes, tradeLine } from '../chunks.ts';
import { namedGzip } from '../gzips.ts';
import { DATE, SYMBOL } from '../market-day.ts';
import * as bytes from './byte-damages.ts';
import { chunkOf, type Damage, ofChunk, ofText, textOf } from './damage.ts';
import type { Dice } from './dice.ts';
import type { Lake } from './lake.ts';

const PREFIX = rawDayPrefix(SYMBOL, DATE);

/** Numbers that no trade has: beyond the limits, or not even numbers. */
const HOSTILE_NUMBERS = [
  '9'.repeat(19),
  '9'.repeat(400),
  `1${'0'.repeat(4_000)}`,
  `0.${'0'.repeat(18)}1`,
  `1.${'3'.repeat(1_000)}`,
  '1e5',
  '-1',
  '-0.5',
  '+1',
  '0x10',
  'NaN',
  'Infinity',
  '',
  ' 1',
  '1.',
  '.5',
  '1.2.3',
  '1_000',
  '١٢',
  '"1"x',
];
/** Ids that no trade has. */
const HOSTILE_IDS = ['9007199254740992', '9'.repeat(16), '9'.repeat(300), '-1', '1.5', '1e3', 'null', ''];
/** Names beside chunks. */
const STRAY_NAMES = [
  'note [ 1, 2 ].txt',
  'trades/extra.csv',
  'trades/24-00_a_0.csv.gz',
  'trades/12-04_a_0.csv',
  'trades/12-04_A_0.csv.gz',
  'depth/12-04_a_0.csv.gz.part',
  'inputs.csv',
  'evidence.json',
  'rejected/trades/12-04_a_0.csv.gz',
  'a/very/deep/folder/of/something',
];

/** What may happen to the raw chunks of a day. */
export const CHUNK_DAMAGES = {
  'chunk cut': { hit: ofChunk(bytes.cut) },
  'chunk cut at its end': { hit: ofChunk(bytes.cutAtItsEnd) },
  'chunk emptied': { hit: ofChunk(bytes.emptied) },
  'chunk all zeros': { hit: ofChunk(bytes.allZeros) },
  'chunk with a flipped bit': { hit: ofChunk(bytes.bitFlipped) },
  'chunk with a flipped bit, cut': { hit: ofChunk(bytes.bitsFlippedAndCut) },
  'chunk with another digit, cut at its end': { hit: ofChunk(anotherDigitAndCut) },
  'chunk with another digit and a wrong CRC': { hit: ofChunk(anotherDigitAndCrc) },
  'chunk with a torn page': { hit: ofChunk(bytes.tornPage) },
  'chunk with a torn end': { hit: ofChunk(bytes.tornEnd) },
  'chunk doubled': { hit: ofChunk(bytes.doubled) },
  'chunk with zeros behind': { hit: ofChunk(bytes.zerosBehind) },
  'chunk with noise behind': { hit: ofChunk(bytes.noiseBehind) },
  'chunk with noise inside': { hit: ofChunk(bytes.noiseInside) },
  'chunk of noise': { hit: ofChunk((chunk, dice) => bytes.noise(dice, chunk.length)) },
  'chunk of two members': { hit: ofChunk((chunk, dice) => inTwo(chunk, dice, Buffer.alloc(0))) },
  'chunk of two members, the second damaged': {
    hit: ofChunk((chunk, dice) => inTwo(chunk, dice, Buffer.alloc(0), bytes.bitFlipped)),
  },
  'chunk of two members, zeros between': {
    hit: ofChunk((chunk, dice) => inTwo(chunk, dice, Buffer.alloc(dice.int(1, 512)))),
  },
  'chunk with an empty member before': {
    hit: ofChunk((chunk) => Buffer.concat([gzipSync(''), chunk])),
  },
  'chunk with a named header': { hit: ofChunk((chunk) => namedGzip(textOf(chunk), { comment: true })) },
  'chunk not packed': { hit: ofChunk((chunk) => Buffer.from(textOf(chunk), 'latin1')) },
  'chunk without gzip header': { hit: ofChunk((chunk) => deflateRawSync(textOf(chunk))) },
  'chunk packed twice': { hit: ofChunk((chunk) => gzipSync(chunk)) },
  'chunk gone': { hit: removeChunk },
  'two chunks swapped': { hit: swapChunks },
  'chunk under another minute': { hit: (lake, dice) => moveChunk(lake, dice, anotherMinute) },
  'chunk under another writer too': {
    hit: (lake, dice) => copyChunk(lake, dice, (name) => name.replace(/_[a-z0-9-]+_/, '_zz_')),
  },
  'chunk as repair too': {
    hit: (lake, dice) => copyChunk(lake, dice, (name) => name.replace(/_[a-z0-9-]+_/, '_repair_')),
  },
  'chunk of another day': { hit: chunkOfAnotherDay },
  'chunk of another kind': {
    hit: (lake, dice) =>
      moveChunk(lake, dice, (name) =>
        name.includes('/trades/') ? name.replace('/trades/', '/depth/') : name.replace('/depth/', '/trades/'),
      ),
  },
  'object not named like a chunk': { hit: strayObject },
  'hostile price or quantity': { hit: ofText((lines, dice) => cellOf(lines, dice, [1, 2], HOSTILE_NUMBERS)) },
  'hostile id': { hit: ofText((lines, dice) => cellOf(lines, dice, [4], HOSTILE_IDS)) },
  'hostile execution ids': { hit: ofText((lines, dice) => cellOf(lines, dice, [5, 6], HOSTILE_IDS)) },
  'hostile time': {
    hit: ofText((lines, dice) =>
      cellOf(lines, dice, [0], ['0', '-1', '9'.repeat(13), '9'.repeat(40), '', 'x']),
    ),
  },
  'hostile level': { hit: hostileLevel },
  'row cut': { hit: ofText((lines, dice) => onRow(lines, dice, (row) => row.slice(0, dice.int(0, 20)))) },
  'row of NULs': { hit: ofText((lines, dice) => onRow(lines, dice, (row) => '\0'.repeat(row.length))) },
  'row with quotes': { hit: ofText((lines, dice) => onRow(lines, dice, (row) => `"${row}`)) },
  'row of a megabyte': {
    hit: ofText((lines, dice) => onRow(lines, dice, (row) => row + 'x'.repeat(1 << 20))),
  },
  'rows joined': { hit: ofText((lines, dice) => onRow(lines, dice, (row, i) => `${row}${lines[i]}`)) },
  'row twice': { hit: ofText((lines, dice) => onRow(lines, dice, (row) => `${row}\n${row}`)) },
  'rows in no order': {
    hit: ofText(([header = '', ...rows]) => [header, ...rows.filter(Boolean).reverse(), '']),
  },
  'lines with carriage returns': { hit: ofText((lines) => lines.join('\r\n')) },
  'no header': { hit: ofText(([, ...rows]) => rows) },
  'another header': { hit: ofText(([header, ...rows]) => [`${header},extra`, ...rows]) },
  'header alone': { hit: ofText(([header = '']) => `${header}\n`) },
  'a trade with an id far beyond': {
    hit: (lake, dice) => phantom(lake, dice, dice.pick([200_000, 10 ** 12])),
  },
  'a trade with the last id there is': { hit: (lake, dice) => phantom(lake, dice, Number.MAX_SAFE_INTEGER) },
  'chunk of another symbol': { hit: chunkOfAnotherSymbol, lie: 'rows' },
} satisfies Record<string, Damage>;

/** What a flipped bit may do to one digit, where the loss of the trailer hides it. */
function anotherDigitAndCut(chunk: Buffer, dice: Dice): Buffer {
  const packed = gzipSync(anotherDigit(textOf(chunk), dice));
  return packed.subarray(0, packed.length - dice.int(1, 12));
}

function anotherDigitAndCrc(chunk: Buffer, dice: Dice): Buffer {
  const packed = gzipSync(anotherDigit(textOf(chunk), dice));
  packed.writeUInt32LE(dice.int(0, 2 ** 32 - 1), packed.length - 8);
  return packed;
}

/** A digit of a price, a quantity, an id or a time is another one. */
function anotherDigit(text: string, dice: Dice): string {
  const digits = [...text.matchAll(/\d/g)];
  if (digits.length === 0) return text;
  const { index, 0: digit } = dice.pick(digits);
  return text.slice(0, index) + ((Number(digit) + dice.int(1, 9)) % 10) + text.slice(index + 1);
}

/** The chunk as two gzip members, cut at a row. */
function inTwo(chunk: Buffer, dice: Dice, between: Buffer, change?: (member: Buffer, dice: Dice) => Buffer) {
  const lines = textOf(chunk).split('\n');
  const at = dice.int(1, lines.length - 1 || 1);
  const second = gzipSync(lines.slice(at).join('\n'));
  return Buffer.concat([
    gzipSync(`${lines.slice(0, at).join('\n')}\n`),
    between,
    change ? change(second, dice) : second,
  ]);
}

/** Changes one row, the header aside; `next` is the number of the line behind it. */
function onRow(lines: string[], dice: Dice, change: (row: string, next: number) => string): string[] {
  const at = dice.int(1, Math.max(1, lines.length - 2));
  return lines.map((line, i) => (i === at ? change(line, i + 1) : line));
}

function cellOf(lines: string[], dice: Dice, columns: number[], values: string[]): string[] {
  const [column, value] = [dice.pick(columns), dice.pick(values)];
  return onRow(lines, dice, (row) => {
    const cells = row.split(',');
    return cells.length === 10 ? cells.with(column, value).join(',') : row;
  });
}

function hostileLevel(lake: Lake, dice: Dice): boolean {
  const value = dice.pick([...HOSTILE_NUMBERS, '[', 'null', '{"a":1}']);
  const depth = [...lake.objects.keys()].filter((name) => name.startsWith(`${PREFIX}depth/`));
  if (depth.length === 0) return false;
  const name = dice.pick(depth);
  const lines = textOf(lake.objects.get(name) ?? Buffer.alloc(0)).split('\n');
  const changed = onRow(lines, dice, (row) => row.replace(/\[\[[^,]*/, `[[${value}`));
  lake.objects.set(name, gzipSync(changed.join('\n')));
  return true;
}

function removeChunk(lake: Lake, dice: Dice): boolean {
  const name = chunkOf(lake, dice);
  return name !== undefined && lake.objects.delete(name);
}

function swapChunks(lake: Lake, dice: Dice): boolean {
  const [a, b] = [chunkOf(lake, dice), chunkOf(lake, dice)];
  if (a === undefined || b === undefined || a === b) return false;
  const [first, second] = [lake.objects.get(a), lake.objects.get(b)];
  if (first && second) lake.objects.set(a, second).set(b, first);
  return true;
}

function copyChunk(lake: Lake, dice: Dice, rename: (name: string) => string): boolean {
  const name = chunkOf(lake, dice);
  const chunk = name === undefined ? undefined : lake.objects.get(name);
  if (name === undefined || !chunk) return false;
  lake.objects.set(rename(name), chunk);
  return true;
}

function moveChunk(lake: Lake, dice: Dice, rename: (name: string, dice: Dice) => string): boolean {
  const name = chunkOf(lake, dice);
  const chunk = name === undefined ? undefined : lake.objects.get(name);
  if (name === undefined || !chunk) return false;
  lake.objects.delete(name);
  lake.objects.set(rename(name, dice), chunk);
  return true;
}

function anotherMinute(name: string, dice: Dice): string {
  const chunk = parseChunkName(name.slice(PREFIX.length));
  return chunk ? chunkObjectName(SYMBOL, DATE, { ...chunk, minute: dice.int(0, DAY_MINUTES - 1) }) : name;
}

function chunkOfAnotherDay(lake: Lake, dice: Dice): boolean {
  const name = chunkOf(lake, dice);
  const chunk = name === undefined ? undefined : lake.objects.get(name);
  if (name === undefined || !chunk) return false;
  const shift = dice.pick([-86_400_000, 86_400_000]);
  const text = textOf(chunk).replace(/^\d{13}/gm, (time) => String(Number(time) + shift));
  lake.objects.set(name, gzipSync(text));
  return true;
}

function strayObject(lake: Lake, dice: Dice): boolean {
  lake.objects.set(`${PREFIX}${dice.pick(STRAY_NAMES)}`, bytes.noise(dice, dice.int(0, 50)));
  return true;
}

/** A well-formed row whose id is `beyond` the day's last one. */
function phantom(lake: Lake, dice: Dice, beyond: number): boolean {
  const trade = dice.pick(lake.day.trades);
  const id = Math.min(Number.MAX_SAFE_INTEGER, trade.id + beyond);
  const minute = dice.int(0, DAY_MINUTES - 1);
  const name = chunkObjectName(SYMBOL, DATE, { kind: 'trades', minute, writer: 'ghost', n: 0 });
  lake.objects.set(name, chunkBytes('trades', [tradeLine({ ...trade, id })]));
  return true;
}

function chunkOfAnotherSymbol(lake: Lake, dice: Dice): boolean {
  const name = chunkOf(lake, dice);
  const others = [...lake.objects].filter(([other]) => other.startsWith('raw/ETHUSDT/'));
  if (name === undefined || others.length === 0) return false;
  lake.objects.set(name, dice.pick(others)[1]);
  return true;
}
