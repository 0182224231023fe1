import { createHash } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import { type ZipEntry, zipBytes } from '../../../aggregate-job/archive/zip-write.ts';
import { archiveObjectName } from '../../../shared/lake/object-names.ts';
import { DATE } from '../market-day.ts';
import * as bytes from './byte-damages.ts';
import { type Change, type Damage, ofObject } from './damage.ts';
import type { Dice } from './dice.ts';
import { anotherNumber, anotherText, anotherValue } from './hostile-json.ts';
import { type Lake, OTHER, ZIP } from './lake.ts';

const EVIDENCE = 'evidence.json';

/** What may happen to a day's zip, and to what it holds: a forged one ends with a hash of itself as every zip does. */
export const ZIP_DAMAGES = {
  'zip cut': { hit: ofObject(ZIP, bytes.cut), mayRefuse: true },
  'zip emptied': { hit: ofObject(ZIP, bytes.emptied), mayRefuse: true },
  'zip with a flipped bit': { hit: ofObject(ZIP, bytes.bitFlipped), mayRefuse: true },
  'zip with a torn page': { hit: ofObject(ZIP, bytes.tornPage), mayRefuse: true },
  'zip with noise behind': { hit: ofObject(ZIP, bytes.noiseBehind), mayRefuse: true },
  'zip doubled': { hit: ofObject(ZIP, bytes.doubled), mayRefuse: true },
  'zip gone': { hit: ({ objects }) => objects.delete(ZIP), mayRefuse: true },
  'zip of another symbol': { hit: zipOfAnotherSymbol, mayRefuse: true, lie: 'rows' },
  'evidence of another text': { hit: forged(onEvidence(anotherText)), mayRefuse: true },
  'evidence with another value': { hit: forged(onEvidence(anotherValue)), mayRefuse: true, lie: 'ends' },
  'evidence with another number': { hit: forged(onEvidence(anotherNumber)), mayRefuse: true, lie: 'ends' },
  'zip without evidence': {
    hit: forged((files) => files.filter(([name]) => name !== EVIDENCE)),
    mayRefuse: true,
  },
  'zip without its list': {
    hit: forged((files) => files.filter(([name]) => name !== 'inputs.csv')),
    mayRefuse: true,
  },
  'zip without a chunk': { hit: forged((files) => files.slice(1)), mayRefuse: true },
  'zip with an entry twice': {
    hit: forged(([first, ...rest]) => (first ? [first, first, ...rest] : [])),
    mayRefuse: true,
  },
  'zip with a hostile name': { hit: forged(withName), mayRefuse: true },
  'zip with entries that are no chunks': {
    hit: forged((files) => [...files, ['trades/24-61_a_0.csv', Buffer.from('x')]]),
  },
  'zip of nothing': { hit: forged(() => []), mayRefuse: true },
} satisfies Record<string, Damage>;

const NAMES = ['../../evil.csv', '/abs.csv', 'trades/../../x.csv', 'C:\\x', '', 'rejected/', 'trades/', '.'];

type Files = [name: string, text: Buffer][];

function forged(change: (files: Files, dice: Dice) => Files): Damage['hit'] {
  return async ({ objects }, dice) => {
    const zip = objects.get(ZIP);
    const files = zip && filesOf(zip);
    if (!files) return false;
    objects.set(ZIP, await zipOf(change(files, dice)));
    return true;
  };
}

/** Undefined for a zip that is damaged already. */
function filesOf(zip: Buffer): Files | undefined {
  try {
    return Object.entries(unzipSync(zip)).map(([name, text]) => [name, Buffer.from(text)]);
  } catch {
    return undefined;
  }
}

async function zipOf(files: Files): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of zipBytes(entriesOf(files), createHash('sha256'))) parts.push(part);
  return Buffer.concat(parts);
}

async function* entriesOf(files: Files): AsyncGenerator<ZipEntry> {
  for (const [name, text] of files) {
    const isStored = name.startsWith('rejected/');
    const packed = isStored ? text : deflateRawSync(text);
    yield { name, method: isStored ? 'store' : 'deflate', packed, crc32: crc32(text), size: text.length };
  }
}

function onEvidence(change: Change): (files: Files, dice: Dice) => Files {
  return (files, dice) => files.map(([name, text]) => [name, name === EVIDENCE ? change(text, dice) : text]);
}

function withName(files: Files, dice: Dice): Files {
  const at = dice.int(0, files.length - 1);
  return files.map(([name, text], i) => [i === at ? dice.pick(NAMES) : name, text]);
}

function zipOfAnotherSymbol({ objects }: Lake): boolean {
  const other = objects.get(archiveObjectName(OTHER, DATE));
  if (!objects.has(ZIP) || !other) return false;
  objects.set(ZIP, other);
  return true;
}
