/** Work in steps of well under a second: the thread that coordinates a day does other things between them, such as renewing its lease. */
export type Steps<T> = Generator<void, T, void>;

/** Does all steps at once. */
export function runSteps<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}
