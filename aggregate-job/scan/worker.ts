import { parentPort } from 'node:worker_threads';
import type { ScanAnswer } from './scanner.ts';
import { scanWindow, type WindowTask, windowMemory } from './window.ts';

const memory = windowMemory();

parentPort?.on('message', (task: WindowTask) => {
  parentPort?.postMessage(answerTo(task));
});

function answerTo(task: WindowTask): ScanAnswer {
  try {
    return { result: scanWindow({ ...task, chunks: task.chunks.map(withBuffer) }, memory) };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** A Buffer arrives as a plain Uint8Array. */
function withBuffer(chunk: WindowTask['chunks'][number]): WindowTask['chunks'][number] {
  const { buffer, byteOffset, length } = chunk.stored.bytes;
  return { ...chunk, stored: { ...chunk.stored, bytes: Buffer.from(buffer, byteOffset, length) } };
}
