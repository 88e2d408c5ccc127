import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiRefusal, type Claimed, type WorkerApi } from './worker-api';

/** Number and interval (milliseconds) of tries to recover a lost answer. */
const RECOVER_TRIES = 3;
const RECOVER_EVERY_MS = 1000;

type Api = Pick<WorkerApi, 'claim' | 'release'>;

/**
 * Claims a run so that no claimed run is lost. The answer may be lost because of a proxy, a broken connection or the
 * shutdown of this worker. The same claim is then requested again. If that fails too, the server returns the unused
 * lease to the queue.
 * @param projectId null: of any project
 * @param stop ends the wait; a run claimed at that moment is handed back
 */
export async function claimSurely(
  api: Api,
  projectId: string | null,
  waitSeconds: number,
  stop: AbortSignal,
): Promise<Claimed | null> {
  const claimId = randomUUID();
  const claimed = await api
    .claim(claimId, projectId === null ? null : [projectId], waitSeconds, stop)
    .catch((error: unknown) => recover(api, claimId, error, stop));
  if (!claimed || !stop.aborted) return claimed;
  await api.release(keyOf(claimed), 'The worker was stopped before it started the run.');
  return null;
}

/** Returns the key of the claimed attempt, with its lease token. */
export function keyOf({ request, leaseToken }: Claimed) {
  return { runId: request.runId, attempt: request.payload.attempt, leaseToken };
}

/** @throws the original error if the server cannot be reached */
async function recover(
  api: Api,
  claimId: string,
  cause: unknown,
  stop: AbortSignal,
): Promise<Claimed | null> {
  if (cause instanceof ApiRefusal) throw cause;
  for (let attempt = 1; ; attempt++) {
    try {
      return await api.claim(claimId, [], 0);
    } catch {
      if (attempt === RECOVER_TRIES || stop.aborted) throw cause;
      await delay(RECOVER_EVERY_MS);
    }
  }
}
