import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiRefusal, type Claimed, type WorkerApi } from './worker-api';

/** After a lost answer: how often, and how long apart, the same answer is asked for. */
const RECOVER_TRIES = 3;
const RECOVER_EVERY_MS = 1000;

type Api = Pick<WorkerApi, 'claim' | 'release'>;

/**
 * Claims a run so that none is left with a worker that does not know of it. The answer may be lost on its way, by a
 * proxy, a broken connection or the stop of this worker: then the same claim is asked for again. Where even that
 * fails, the server returns the unused lease to the queue.
 * @param projectId null: of any project
 * @param stop ends the waiting; a run that was claimed in that very moment is handed back
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
  await api.release(keyOf(claimed), 'The worker was stopped before it began.');
  return null;
}

/** Names the attempt that was claimed, with its proof. */
export function keyOf({ request, leaseToken }: Claimed) {
  return { runId: request.runId, attempt: request.payload.attempt, leaseToken };
}

/** @throws what went wrong first, where the server cannot be asked */
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
