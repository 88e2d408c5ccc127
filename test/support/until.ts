import { setTimeout as pause } from 'node:timers/promises';

/**
 * Resolves as soon as it is so; for what sends no signal of its own, such as a row in a table. It has no limit: where it
 * never comes to be so, Jest ends the test. Between two looks everything else has the processor.
 */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(5);
}
