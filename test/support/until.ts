import { setTimeout as pause } from 'node:timers/promises';

/**
 * Polls until the condition holds; for changes without a signal, such as a row in a table. There is no time limit;
 * Jest ends a test that hangs. The pause gives CPU time to everything else.
 */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(5);
}
