import { parentPort } from 'node:worker_threads';
import { barRows } from '../../shared/bars/bar-text.ts';
import { scanWindow, type WindowTask, windowMemory } from '../window/window.ts';
import type { Answer, Ready, Task } from './worker-thread.ts';

const memory = windowMemory();

parentPort?.on('message', (task: Task) => {
  parentPort?.postMessage(answerTo(task));
});

const ready: Ready = 'ready';
parentPort?.postMessage(ready);

function answerTo(task: Task): Answer {
  try {
    if ('part' in task) return { text: barRows(task.part) };
    const { window } = task;
    return { result: scanWindow({ ...window, chunks: window.chunks.map(withBuffer) }, memory) };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** A Buffer arrives as a plain Uint8Array. */
function withBuffer(chunk: WindowTask['chunks'][number]): WindowTask['chunks'][number] {
  const { buffer, byteOffset, length } = chunk.stored.bytes;
  return { ...chunk, stored: { ...chunk.stored, bytes: Buffer.from(buffer, byteOffset, length) } };
}
