// A zip from before chunks had a limit may hold one beyond it: as in the raw store it is rejected, and kept as it is.

import { createHash } from 'node:crypto';
import { crc32, deflateRawSync, gunzipSync } from 'node:zlib';
import { expect, it } from '@jest/globals';
import { unzipSync } from 'fflate';
import { type ZipEntry, zipBytes } from '../../../aggregate-job/archive/zip-write.ts';
import { evidenceText, NO_EVIDENCE } from '../../../aggregate-job/proof/evidence.ts';
import { archiveObjectName } from '../../../shared/lake/object-names.ts';
import { TRADE_HEADER } from '../../../shared/lake/trade.ts';
import { MAX_CHUNK_BYTES } from '../../../shared/limits.ts';
import { MemoryStore } from '../../shared/store/memory-store.ts';
import { tradeLine } from '../chunks.ts';
import { manifestIn, runDay, zipIn } from '../job.ts';
import { DATE, DAY_START, SYMBOL } from '../market-day.ts';

const text = Buffer.alloc(MAX_CHUNK_BYTES + 1, '\n');
const row = { price: '1', quantity: '1', maker: true, first: 1, last: 1, id: 1, T: DAY_START };

async function zipOf(texts: Record<string, Buffer>): Promise<Buffer> {
  async function* entries(): AsyncGenerator<ZipEntry> {
    for (const [name, bytes] of Object.entries(texts)) {
      const packed = deflateRawSync(bytes, { level: 1 });
      yield { name, method: 'deflate', packed, crc32: crc32(bytes), size: bytes.length };
    }
  }
  const parts: Uint8Array[] = [];
  for await (const part of zipBytes(entries(), createHash('sha256'))) parts.push(part);
  return Buffer.concat(parts);
}

it('is rejected and named, and all of it stays in the zip', async () => {
  const zip = await zipOf({
    'trades/00-00_a_0.csv': text,
    'trades/00-01_a_0.csv': Buffer.from(`${TRADE_HEADER}\n${tradeLine(row)}\n`),
    'evidence.json': Buffer.from(evidenceText(NO_EVIDENCE)),
    'inputs.csv': Buffer.from('name,bytes,crc32,rows\n'),
  });
  const store = new MemoryStore(new Map([[archiveObjectName(SYMBOL, DATE), zip]]));
  const settings = { symbols: [SYMBOL] };
  for (let run = 0; run < 2; run++) expect(await runDay({ store, settings })).toMatchObject({ code: 0 });
  expect(manifestIn(store.objects)).toMatchObject({
    trades: { rows: 1 },
    rejected: { by_reason: { 'more than 128 MiB of text': 1 } },
  });
  const kept = unzipSync(zipIn(store.objects))['rejected/trades/00-00_a_0.csv.gz'] ?? Buffer.alloc(0);
  expect(crc32(gunzipSync(kept))).toBe(crc32(text));
});
