import { setTimeout as pause } from 'node:timers/promises';

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 50;

/**
 * Polls until the condition holds; for changes without a signal, such as a row in a table. There is no time limit;
 * Jest ends a test that hangs. The pauses grow, because each look may be a request that takes processor time from what
 * it waits for.
 */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  await untilOrThrow(isSo, () => undefined);
}

/** Does the same, and calls `mayWait` before each pause. It throws if the wait must end. */
export async function untilOrThrow(
  isSo: () => boolean | Promise<boolean>,
  mayWait: () => void,
): Promise<void> {
  for (let pauseMs = FIRST_PAUSE_MS; !(await isSo()); pauseMs = Math.min(1.5 * pauseMs, LONGEST_PAUSE_MS)) {
    mayWait();
    await pause(pauseMs);
  }
}
