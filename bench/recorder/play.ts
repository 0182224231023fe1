import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

/** What the sender says at its end. */
export type Sent = { seconds: number; framesPerSecond: number };

/**
 * Plays `frames` frames at `rate` a second to a process that `start` begins, given the port. Resolves with what the sender and
 * that process printed when both have ended; `stop` is called when everything was sent.
 */
export async function play(
  rate: number,
  frames: number,
  start: (port: string) => { file: string; args: string[] },
  stop: (child: ChildProcess) => void,
): Promise<{ sent: Sent; output: string; usage: { cpuSeconds: number; peakBytes: number } }> {
  const sender = spawn(
    process.execPath,
    [join(import.meta.dirname, 'sender.ts'), String(rate), String(frames)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let senderText = '';
  let receiver: ChildProcess | undefined;
  let [output, usage, errors] = ['', '', ''];
  const ended: Promise<unknown>[] = [new Promise((resolve) => sender.on('close', resolve))];
  await new Promise<void>((resolve) => {
    sender.stdout.on('data', (text) => {
      senderText += text;
      const [port = '', result] = senderText.split('\n');
      if (!receiver) {
        const { file, args } = start(port);
        const child = spawn(
          process.execPath,
          [join(import.meta.dirname, '../program/usage.ts'), file, ...args],
          {
            stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
          },
        );
        child.stdout?.on('data', (part) => (output += part));
        child.stderr?.on('data', (part) => (errors += part));
        child.stdio[3]?.on('data', (part) => (usage += part));
        ended.push(new Promise((closed) => child.on('close', closed)));
        child.on('close', () => resolve());
        receiver = child;
      } else if (result) stop(receiver);
    });
  });
  sender.kill();
  await Promise.all(ended);
  if (usage === '') throw new Error(`receive frames: ${errors}`);
  return { sent: JSON.parse(senderText.split('\n')[1] ?? ''), output, usage: JSON.parse(usage) };
}
