import type { RunProgram } from './program/run.ts';
import type { Tools } from './tools.ts';

/** What a measure works with. */
export type Bench = {
  tools: Tools;
  run: RunProgram;
  /** How often each program is run. */
  times: number;
  /** A store for results, and a place for files. */
  folder: string;
  /** Tells what goes on. */
  note(text: string): void;
  /** Prints a line of the result. */
  print(text: string): void;
};
