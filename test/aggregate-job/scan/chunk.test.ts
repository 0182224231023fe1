import { crc32, gzipSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { packedText, unpackChunk } from '../../../aggregate-job/scan/chunk.ts';
import { MAX_CHUNK_BYTES } from '../../../shared/limits.ts';
import { gzipMembers, gzipWith, namedGzip } from '../gzips.ts';

const TEXT = `timestamp,price\n${Array.from({ length: 500 }, (_, i) => `${1721260800000 + i * 137},${63000 + ((i * 7919) % 1000)}.5\n`).join('')}`;
const HALF = TEXT.length / 2;
const whole = gzipSync(TEXT, { level: 6 });
const gzip = (bytes: Buffer) => ({ form: 'gzip', bytes }) as const;

describe('a readable chunk', () => {
  it.each<[what: string, bytes: Buffer, text: string]>([
    ['one gzip member', whole, TEXT],
    ['a file name in the header', namedGzip(TEXT), TEXT],
    ['extra field, file name and comment in the header', namedGzip(TEXT, { comment: true }), TEXT],
    ['two members', gzipMembers(TEXT.slice(0, HALF), TEXT.slice(HALF)), TEXT],
    ['an empty member before the text', gzipMembers('', TEXT), TEXT],
    ['an empty member behind the text', gzipMembers(TEXT, ''), TEXT],
    ['zeros behind the member', Buffer.concat([whole, Buffer.alloc(512)]), TEXT],
    ['zeros behind two members', Buffer.concat([gzipMembers(TEXT, TEXT), Buffer.alloc(3)]), TEXT + TEXT],
    ['no text at all', gzipSync(''), ''],
  ])(
    'with %s gives its text and the deflate stream of it, from the store and from the zip',
    (_, bytes, text) => {
      const unpacked = unpackChunk(gzip(bytes));
      if ('damage' in unpacked) throw new Error(unpacked.damage);
      expect(unpacked.text.toString()).toBe(text);
      expect(unpacked.crc32).toBe(crc32(text));
      expect(inflateRawSync(unpacked.deflated).toString()).toBe(text);
      const packed = packedText(gzip(bytes), crc32(unpacked.deflated));
      expect(packed.equals(unpacked.deflated)).toBe(true);
      const archived = { form: 'deflate', bytes: packed, crc32: crc32(text), size: text.length } as const;
      expect(unpackChunk(archived)).toEqual({
        text: Buffer.from(text),
        crc32: crc32(text),
        deflated: packed,
      });
    },
  );

  it('of one member keeps its own deflate stream', () => {
    for (const bytes of [whole, namedGzip(TEXT)]) {
      const unpacked = unpackChunk(gzip(bytes));
      expect('deflated' in unpacked && bytes.indexOf(unpacked.deflated)).toBe(bytes === whole ? 10 : 20);
    }
  });
});

describe('a header with more than there need be', () => {
  it('is passed over, whatever parts of it there are', () => {
    const part = fc.boolean();
    fc.assert(
      fc.property(fc.record({ extra: part, name: part, comment: part, crc: part }), (flags) => {
        const bytes = gzipWith(TEXT, flags);
        const { extra, name, comment, crc } = flags;
        const start = 10 + (extra ? 6 : 0) + (name ? 10 : 0) + (comment ? 16 : 0) + (crc ? 2 : 0);
        const unpacked = unpackChunk(gzip(bytes));
        if (!('deflated' in unpacked)) throw new Error(unpacked.damage);
        expect(unpacked.text.toString()).toBe(TEXT);
        // the stream is taken over where it lies, not compressed anew
        expect(
          unpacked.deflated.buffer === bytes.buffer && unpacked.deflated.byteOffset - bytes.byteOffset,
        ).toBe(start);
      }),
      { numRuns: 60 },
    );
  });

  it.each(['extra', 'name', 'comment', 'crc'] as const)('that was cut in its %s is damage', (part) => {
    const bytes = gzipWith(TEXT, { [part]: true });
    for (let length = 2; length < bytes.length - whole.length + 10; length++)
      expect(unpackChunk(gzip(bytes.subarray(0, length)))).toMatchObject({
        damage: expect.any(String),
        text: Buffer.alloc(0),
      });
  });
});

describe('a damaged chunk', () => {
  it.each<[what: string, bytes: Buffer]>([
    ['not gzip', Buffer.from(TEXT)],
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from([0x1f])],
  ])('that is %s has no text', (_, bytes) => {
    expect(unpackChunk(gzip(bytes))).toEqual({ damage: 'not gzip', text: Buffer.alloc(0) });
  });

  it('that was cut anywhere still gives the start of its text', () => {
    for (let length = 2; length < whole.length; length += 7) {
      const unpacked = unpackChunk(gzip(whole.subarray(0, length)));
      expect(unpacked).toHaveProperty('damage');
      expect(TEXT.startsWith(unpacked.text.toString())).toBe(true);
    }
    expect(unpackChunk(gzip(whole.subarray(0, -9))).text.length).toBeGreaterThan(TEXT.length * 0.9);
  });

  it('that was cut in its second member gives the first and the start of the second', () => {
    const two = gzipMembers(TEXT.slice(0, HALF), TEXT.slice(HALF));
    const { text } = unpackChunk(gzip(two.subarray(0, -20)));
    expect(TEXT.startsWith(text.toString())).toBe(true);
    expect(text.length).toBeGreaterThan(HALF);
  });

  it.each<[what: string, bytes: Buffer, text: string]>([
    ['other bytes behind it', Buffer.concat([whole, Buffer.from('rubbish')]), TEXT],
    ['the start of another header behind it', Buffer.concat([whole, Buffer.from([0x1f, 0x8b, 8])]), TEXT],
    [
      'a second member that is damaged',
      gzipMembers(TEXT, TEXT).fill(0x55, whole.length + 100, 2 * whole.length - 50),
      TEXT,
    ],
    ['a zero and other bytes behind it', Buffer.concat([whole, Buffer.from([0, 7])]), TEXT],
    ['a second member behind a zero', Buffer.concat([whole, Buffer.alloc(1), whole]), TEXT],
    ['a first member that is damaged', gzipMembers(TEXT, TEXT).fill(0x55, 100, whole.length - 50), ''],
  ])('with %s gives the text that is certain', (_, bytes, text) => {
    const unpacked = unpackChunk(gzip(bytes));
    expect(unpacked).toHaveProperty('damage');
    expect(unpacked.text.toString()).toBe(text);
  });

  it('with a flipped bit never gives other text', () => {
    const near = fc.integer({ min: (whole.length - 64) * 8, max: whole.length * 8 - 1 }); // where a flip looks like a cut
    fc.assert(
      fc.property(fc.oneof(near, fc.nat(whole.length * 8 - 1)), (bit) => {
        const bytes = Buffer.from(whole);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const unpacked = unpackChunk(gzip(bytes));
        const text = unpacked.text.toString();
        expect('damage' in unpacked ? TEXT.startsWith(text) : text === TEXT).toBe(true);
      }),
      { numRuns: 800 },
    );
  });

  it('that would be larger than a chunk may be has no text, however small it is packed', () => {
    const zeros = (bytes: number) => gzipSync(Buffer.alloc(bytes), { level: 1 });
    const [largest, half] = [zeros(MAX_CHUNK_BYTES), zeros(MAX_CHUNK_BYTES / 2)];
    expect(unpackChunk(gzip(largest)).text.length).toBe(MAX_CHUNK_BYTES);
    for (const bytes of [zeros(MAX_CHUNK_BYTES + 1), Buffer.concat([half, gzipSync('x'), half])]) {
      const unpacked = unpackChunk(gzip(bytes));
      expect('damage' in unpacked && unpacked.damage).toBe('more than 128 MiB of text');
      expect(unpacked.text.length).toBe(0);
    }
  });

  it('out of a zip is an error: the zip was checked when it was written', () => {
    const packed = whole.subarray(10, -8);
    for (const wrong of [{ crc32: 1 }, { size: TEXT.length - 1 }, { bytes: packed.subarray(0, -5) }]) {
      const archived = {
        form: 'deflate',
        bytes: packed,
        crc32: crc32(TEXT),
        size: TEXT.length,
        ...wrong,
      } as const;
      expect(() => unpackChunk(archived)).toThrow('unpack archived chunk: ');
    }
  });
});
