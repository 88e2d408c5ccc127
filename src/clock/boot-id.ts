import { readFileSync } from 'node:fs';

/**
 * Identifies this boot of the machine; null if the system has no such id, as on macOS. A container has the id of its host.
 * See random(4).
 */
export const BOOT_ID = readBootId();

function readBootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() || null;
  } catch {
    return null;
  }
}
