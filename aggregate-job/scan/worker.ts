import { parentPort } from 'node:worker_threads';
import type { ScanAnswer } from './scanner.ts';
import { scanWindow, type WindowTask, windowRows } from './window.ts';

const rows = windowRows();

parentPort?.on('message', (task: WindowTask) => {
  const answer = answerTo(task);
  parentPort?.postMessage(answer, 'result' in answer ? buffersOf(answer.result.bars) : []);
});

function answerTo(task: WindowTask): ScanAnswer {
  try {
    return { result: scanWindow({ ...task, chunks: task.chunks.map(withBuffer) }, rows) };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** A Buffer arrives as a plain Uint8Array. */
function withBuffer(chunk: WindowTask['chunks'][number]): WindowTask['chunks'][number] {
  const { buffer, byteOffset, length } = chunk.stored.bytes;
  return { ...chunk, stored: { ...chunk.stored, bytes: Buffer.from(buffer, byteOffset, length) } };
}

function buffersOf(bars: object): ArrayBuffer[] {
  return Object.values(bars).flatMap((column: unknown) =>
    typeof column === 'object' &&
    column !== null &&
    'values' in column &&
    column.values instanceof Float64Array
      ? [column.values.buffer as ArrayBuffer]
      : [],
  );
}
