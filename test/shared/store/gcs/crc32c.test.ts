import { CRC32C } from '@google-cloud/storage';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { crc32c, measure } from '../../../../shared/store/gcs/crc32c.ts';

describe('crc32c', () => {
  it('gives the known value of 123456789', () => {
    expect(crc32c(Buffer.from('123456789')) >>> 0).toBe(0xe3069283);
  });

  it('is that of the storage client, in however many parts the bytes come', async () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 40 }));
    await fc.assert(
      fc.asyncProperty(parts, async (given) => {
        const whole = new CRC32C();
        whole.update(Buffer.concat(given));
        const source = async function* () {
          yield* given;
        };
        const bytes = given.reduce((sum, part) => sum + part.length, 0);
        expect(await measure(source)).toEqual({ bytes, crc32c: whole.toString() });
        expect(await measure(Buffer.concat(given))).toEqual({ bytes, crc32c: whole.toString() });
      }),
    );
  });
});
