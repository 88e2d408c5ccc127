import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../clock/clock';
import { isSameSecret, newLeaseToken } from '../events/lease-proof';
import { JobatoError } from '../http/catalogue';
import { LEASE_SECONDS, UNUSED_LEASE_SECONDS } from './lease';
import { isTerminal, type Run } from './run';
import { RunClaims } from './run-claims';
import { RunQueries } from './run-queries';
import { phaseOf } from './run-state';
import { RunStore } from './run-store';
import { UnrecordedStops } from './unrecorded-stops';
import { WorkerRegistry } from './worker-registry';

/** What a call says about its sender. Only the token is proof; a name is not. Null where it is not given. */
export interface Claimant {
  workerId: string | null;
  attempt: number | null;
  /** From the header `X-Jobato-Lease`. */
  leaseToken: string | null;
}

/** A run that was claimed over HTTP. */
export type LeasedRun = Run & { leaseToken: string };

/** Leases of workers elsewhere: who claims a run gets a token, and only with that token may it touch the run. */
@Injectable()
export class RunLeases {
  constructor(
    private readonly store: RunStore,
    private readonly queries: RunQueries,
    private readonly workers: WorkerRegistry,
    private readonly claims: RunClaims,
    private readonly clock: Clock,
    private readonly stops: UnrecordedStops,
  ) {}

  /**
   * Claims a run; of several callers one gets it, the others null.
   * @param claimId the worker's own id of this claim, under which it can ask for the same answer again
   */
  async claim(runId: string, workerId: string, claimId: string | null): Promise<LeasedRun | null> {
    const token = newLeaseToken();
    const claimed = await this.store.command(runId, {
      type: 'claim',
      workerId,
      leaseSeconds: claimId === null ? UNUSED_LEASE_SECONDS : LEASE_SECONDS,
      lease: { token, claimId },
    });
    return claimed?.applied ? { ...claimed.run, leaseToken: token } : null;
  }

  /** Returns the run that this claim was given, as long as its token is unused; else null. */
  async claimedBy(claimId: string): Promise<LeasedRun | null> {
    const run = await this.queries.claimedBy(claimId);
    if (!run || run.leaseToken === null || run.leaseUsedAt !== null) return null;
    return { ...run, leaseToken: run.leaseToken };
  }

  /** Returns a run to the queue whose worker never used its lease. It keeps its attempt. */
  async unclaim({ runId, attempt, leaseToken }: LeasedRun): Promise<void> {
    await this.store.command(runId, { type: 'unclaim', attempt, leaseToken });
  }

  /**
   * Prolongs the lease by `LEASE_SECONDS`. A worker that took an external run without a claim is its holder from
   * then on.
   * @throws JobatoError RUN_NOT_FOUND, RUN_ALREADY_ENDED, LEASE_LOST
   */
  async heartbeat(
    runId: string,
    claimant: Claimant & { workerId: string; attempt: number },
  ): Promise<{ cancelRequested: boolean; leaseExpiresAt: Instant }> {
    this.workers.heard(claimant.workerId);
    const run = await this.permitted(runId, claimant);
    try {
      const { cancelRequestedAt, leaseExpiresAt } = await this.prolong(run, claimant.workerId);
      return { cancelRequested: cancelRequestedAt !== null, leaseExpiresAt: leaseExpiresAt! };
    } catch (error) {
      // The worker can stop while the stop, like the heartbeat, still waits to be recorded.
      if (!this.stops.has(run.runId) || run.leaseExpiresAt === null) throw error;
      return { cancelRequested: true, leaseExpiresAt: run.leaseExpiresAt };
    }
  }

  /**
   * Hands the run back. One whose lease was never used returns to the queue as it was; else the run gets its next
   * attempt, or ends if that was the last one.
   * @returns the run after it
   * @throws JobatoError RUN_NOT_FOUND, RUN_ALREADY_ENDED, LEASE_LOST
   */
  async release(
    runId: string,
    claimant: Claimant & { attempt: number },
    reason: string | null,
  ): Promise<Run> {
    const run = await this.permitted(runId, claimant);
    const { attempt, leaseToken, leaseUsedAt, workerId } = run;
    const isHeld = phaseOf(run) !== 'waiting';
    if (!isHeld || (leaseToken === null && claimant.workerId !== workerId)) throw leaseLost(claimant.attempt);
    const isUnused = leaseToken !== null && leaseUsedAt === null;
    const commanded = await this.store.command(
      run.runId,
      isUnused
        ? { type: 'unclaim', attempt, leaseToken }
        : { type: 'lose-worker', attempt, loss: { kind: 'returned', reason } },
    );
    if (!commanded?.applied) throw refusal(commanded!.run, claimant);
    if (isUnused && reason !== null) {
      const text = `Worker ${workerId} returned the run before starting it: ${reason}`;
      await this.claims.appendLog(run.runId, attempt, [{ stream: 'system', text }]);
    }
    return commanded.run;
  }

  /**
   * Returns the run if the caller may act for its current attempt. The first use of a lease is a heartbeat too: it
   * shows that the worker has its answer.
   * @throws JobatoError RUN_NOT_FOUND, RUN_ALREADY_ENDED, LEASE_LOST
   */
  async held(runId: string, claimant: Claimant): Promise<Run> {
    if (claimant.workerId !== null) this.workers.heard(claimant.workerId);
    const run = await this.permitted(runId, claimant);
    const isFirstUse = run.leaseToken !== null && run.leaseUsedAt === null;
    return isFirstUse ? this.prolong(run, run.workerId ?? '') : run;
  }

  /** Returns why the caller may not touch the run as it stands now. */
  async refusalNow(runId: string, claimant: Claimant): Promise<JobatoError> {
    return refusal(await this.queries.get(runId), claimant);
  }

  private async permitted(runId: string, claimant: Claimant): Promise<Run> {
    const run = await this.queries.get(runId);
    if (isTerminal(run) || !mayAct(run, claimant)) throw refusal(run, claimant);
    return run;
  }

  private async prolong(run: Run, workerId: string): Promise<Run> {
    const { runId, attempt } = run;
    const commanded = await this.store.command(runId, {
      type: 'heartbeat',
      occurredAt: this.clock.now(),
      payload: { workerId: run.workerId ?? workerId, attempt, leaseSeconds: LEASE_SECONDS },
    });
    if (!commanded?.applied) {
      throw refusal(commanded?.run ?? run, { workerId, attempt, leaseToken: run.leaseToken });
    }
    return commanded.run;
  }
}

/**
 * Whether the caller may act for the current attempt. The token decides where there is one. A run with steps has
 * none while it is unclaimed, or while the server's own worker has it: then no call may touch it, because the next
 * step would execute what a stranger put into its folder. Pure.
 */
export function mayAct(
  run: Pick<Run, 'attempt' | 'executor' | 'leaseToken' | 'workerId'>,
  { attempt, leaseToken, workerId }: Claimant,
): boolean {
  if (attempt !== null && attempt !== run.attempt) return false;
  if (run.leaseToken !== null) return leaseToken !== null && isSameSecret(leaseToken, run.leaseToken);
  // A token of a lease that is over is worse than none: its worker has lost the run.
  if (run.executor === 'steps' || leaseToken !== null) return false;
  return workerId === null || run.workerId === null || workerId === run.workerId;
}

/** Why a worker may not touch this run. Its end is told only to the worker that held it; a holder is never named. */
export function refusal(run: Run, claimant: Claimant): JobatoError {
  return isTerminal(run) && mayAct(run, claimant)
    ? new JobatoError(
        'RUN_ALREADY_ENDED',
        `The run ended as ${run.status} at ${run.endedAt}. Stop working on it.`,
      )
    : leaseLost(claimant.attempt);
}

function leaseLost(attempt: number | null): JobatoError {
  const which = attempt === null ? 'this run' : `attempt ${attempt} of this run`;
  return new JobatoError(
    'LEASE_LOST',
    `This call proves no lease on ${which}. Send the leaseToken of your claim in X-Jobato-Lease. ` +
      'If you did, the lease is over: stop working on the run.',
  );
}
