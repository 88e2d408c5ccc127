import { isSameSecret } from '../events/lease-proof';
import { JobatoError } from '../http/problem-catalogue';
import { isTerminal, type Run } from '../runs/run';

/** The identity that a call states. Only the token is proof; a name is not. Null if a member is absent. */
export interface Claimant {
  workerId: string | null;
  attempt: number | null;
  /** From the header `X-Jobato-Lease`. */
  leaseToken: string | null;
}

/**
 * Returns whether the caller may act for the current attempt. If the run has a lease token, the token decides. A run
 * with steps has none while it is unclaimed or held by the embedded worker. No call may act for it then, because the
 * next step would execute the files that the caller uploads. Pure.
 */
export function mayAct(
  run: Pick<Run, 'attempt' | 'executor' | 'leaseToken' | 'workerId'>,
  { attempt, leaseToken, workerId }: Claimant,
): boolean {
  if (attempt !== null && attempt !== run.attempt) return false;
  if (run.leaseToken !== null) return leaseToken !== null && isSameSecret(leaseToken, run.leaseToken);
  // A call with an expired token is refused even where no token is needed: its worker has lost the run.
  if (run.executor === 'steps' || leaseToken !== null) return false;
  return workerId === null || run.workerId === null || workerId === run.workerId;
}

/**
 * Returns the error for a caller that may not touch the run. Only the worker that held the run learns how it ended,
 * and no error names a holder. Pure.
 */
export function refusal(run: Run, claimant: Claimant): JobatoError {
  return isTerminal(run) && mayAct(run, claimant)
    ? new JobatoError(
        'RUN_ALREADY_ENDED',
        `The run ended at ${run.endedAt} (${run.status}). Stop working on it.`,
      )
    : leaseLost(claimant.attempt);
}

export function leaseLost(attempt: number | null): JobatoError {
  const which = attempt === null ? 'this run' : `attempt ${attempt} of this run`;
  return new JobatoError(
    'LEASE_LOST',
    `X-Jobato-Lease does not contain a valid lease token for ${which}. Send the leaseToken from the claim response. ` +
      'If you sent it, the lease has expired: stop working on the run.',
  );
}
