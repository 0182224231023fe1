/** WebSocket opcodes (RFC 6455, 5.2) a server sends here. */
export const OPCODE = { text: 0x1, binary: 0x2, ping: 0x9 } as const;

/** A message before framing. */
export type Message = { opcode: number; payload: string | Uint8Array };

/**
 * Unmasked, unfragmented WebSocket frames of all messages in one buffer. `ws` writes each message by itself, which costs
 * several times as much as making the market; one write for some hundred frames keeps the simulator out of the way.
 */
export function encodeMessages(messages: readonly Message[]): Buffer {
  let bytes = 0;
  for (const { payload } of messages) {
    const length = lengthOf(payload);
    bytes += headerLength(length) + length;
  }
  const buffer = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const { opcode, payload } of messages) {
    at = writeHeader(buffer, at, opcode, lengthOf(payload));
    if (typeof payload === 'string') at += buffer.write(payload, at, 'utf8');
    else {
      buffer.set(payload, at);
      at += payload.length;
    }
  }
  return buffer;
}

function lengthOf(payload: string | Uint8Array): number {
  return typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
}

function headerLength(length: number): number {
  if (length < 126) return 2;
  return length < 0x1_0000 ? 4 : 10;
}

function writeHeader(buffer: Buffer, at: number, opcode: number, length: number): number {
  buffer[at] = 0x80 | opcode;
  if (length < 126) {
    buffer[at + 1] = length;
  } else if (length < 0x1_0000) {
    buffer[at + 1] = 126;
    buffer.writeUInt16BE(length, at + 2);
  } else {
    buffer[at + 1] = 127;
    buffer.writeBigUInt64BE(BigInt(length), at + 2);
  }
  return at + headerLength(length);
}
