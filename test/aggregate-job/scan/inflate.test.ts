import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createInflater } from '../../../aggregate-job/scan/inflate.ts';

const text = fc.oneof(
  fc.uint8Array({ maxLength: 5_000 }),
  fc.integer({ min: 0, max: 3_000_000 }).map((length) => Buffer.alloc(length, '1721260800000,')),
);

/** A stream as it was written, or cut, flipped, or with bytes behind it; and a size that may be wrong. */
const stream = fc
  .record({
    text,
    level: fc.integer({ min: 0, max: 9 }),
    damage: fc.constantFrom('none', 'none', 'cut', 'flip', 'more', 'size'),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    wrong: fc.integer({ min: -300, max: 300 }),
  })
  .map(({ text, level, damage, at, wrong }) => {
    const whole = deflateRawSync(text, { level });
    const place = Math.floor(at * (whole.length - 1));
    const deflated = Buffer.from(damage === 'cut' ? whole.subarray(0, place) : whole);
    if (damage === 'flip') deflated.writeUInt8((deflated[place] ?? 0) ^ 1, place);
    return {
      deflated: damage === 'more' ? Buffer.concat([deflated, Buffer.from([wrong & 255])]) : deflated,
      size: Math.max(0, text.length + (damage === 'size' ? wrong : 0)),
    };
  });

/** What Node's own function gives, where that is `size` bytes from all of the stream. */
function inflateWhole(deflated: Buffer, size: number): Buffer | undefined {
  try {
    const { buffer, engine } = inflateRawSync(deflated, { info: true }) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    return buffer.length === size && engine.bytesWritten === deflated.length ? buffer : undefined;
  } catch {
    return undefined;
  }
}

describe.each([
  ['that keeps its engine', createInflater],
  ['where Node has no such engine', () => createInflater(() => undefined)],
])('an inflater %s', (_, create) => {
  it('gives for every stream what a new engine gives, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(stream, { minLength: 1, maxLength: 8 }), (streams) => {
        const inflater = create();
        for (const { deflated, size } of streams) {
          const expected = inflateWhole(deflated, size);
          const actual = inflater.whole(deflated, size);
          expect(actual?.length).toBe(expected?.length);
          expect(actual === undefined || (expected !== undefined && actual.equals(expected))).toBe(true);
        }
      }),
    );
  });

  it('reads no more than it was given and reserves no memory for a size that cannot be', () => {
    const inflater = create();
    const deflated = deflateRawSync('x'.repeat(100));
    expect(inflater.whole(deflated, 2 ** 40)).toBeUndefined();
    expect(inflater.whole(deflated, 99)).toBeUndefined();
    expect(inflater.whole(deflated, 101)).toBeUndefined();
    expect(inflater.whole(deflated, 100)?.toString()).toBe('x'.repeat(100));
  });
});
