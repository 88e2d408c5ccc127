import { StorageError } from './storage-error';

const FIRST_PAUSE_MS = 2;
const MAX_PAUSE_MS = 100;
/** A read or write that waits longer for another process is refused with a StorageError. */
export const LOCK_WAIT_MS = 5_000;

/**
 * Retries while another process locks the file, without blocking the event loop between tries. SQLite's own busy
 * timeout would block it.
 * @param isWorthWaiting called after each try, with the milliseconds since the first one
 * @throws the error of the last try
 */
export async function whileLocked<Result>(
  attempt: () => Promise<Result>,
  isWorthWaiting: (waitedMs: number) => boolean,
): Promise<Result> {
  const sinceMs = performance.now();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (!isLocked(error) || !isWorthWaiting(performance.now() - sinceMs)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof StorageError && error.reason === 'locked';
}
