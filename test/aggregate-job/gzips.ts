import { crc32, gzipSync } from 'node:zlib';

/** A gzip member with the optional parts of a header that `flags` say, as other tools write them (RFC 1952, 2.3.1). */
export function gzipWith(
  text: string | Buffer,
  flags: { extra?: boolean; name?: boolean; comment?: boolean; crc?: boolean },
): Buffer {
  const plain = gzipSync(text, { level: 6 });
  const header = Buffer.from(plain.subarray(0, 10));
  const parts: [flag: number, isThere: boolean | undefined, bytes: Buffer][] = [
    [0x04, flags.extra, Buffer.from([4, 0, 0x41, 0x70, 0, 0])],
    [0x08, flags.name, Buffer.from('chunk.csv\0')],
    [0x10, flags.comment, Buffer.from('written by hand\0')],
    [0x02, flags.crc, Buffer.from([0, 0])],
  ];
  const present = parts.filter(([, isThere]) => isThere);
  header[3] = present.reduce((all, [flag]) => all | flag, 0);
  const named = Buffer.concat([header, ...present.map(([, , bytes]) => bytes)]);
  if (flags.crc) named.writeUInt16LE(crc32(named.subarray(0, -2)) & 0xffff, named.length - 2);
  return Buffer.concat([named, plain.subarray(10)]);
}

/** A gzip member with a file name, extra field, comment and header CRC flag bytes as other tools write them (RFC 1952). */
export function namedGzip(text: string | Buffer, { comment = false } = {}): Buffer {
  const plain = gzipSync(text, { level: 6 });
  const header = Buffer.from(plain.subarray(0, 10));
  header[3] = comment ? 0x04 | 0x08 | 0x10 : 0x08;
  const extra = comment ? Buffer.from([4, 0, 0x41, 0x70, 0, 0]) : Buffer.alloc(0);
  const names = Buffer.from(comment ? 'chunk.csv\0written by hand\0' : 'chunk.csv\0');
  return Buffer.concat([header, extra, names, plain.subarray(10)]);
}

/** The text as several gzip members one behind the other. */
export function gzipMembers(...texts: (string | Buffer)[]): Buffer {
  return Buffer.concat(texts.map((text) => gzipSync(text, { level: 6 })));
}
