import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../clock/clock';
import type { JobatoError } from '../http/problem-catalogue';
import { LEASE_SECONDS } from '../runs/lease-times';
import { isTerminal, type Run, type WorkerLoss } from '../runs/run';
import { RunRepository } from '../runs/run.repository';
import { phaseOf } from '../runs/run-state';
import { RunsService } from '../runs/runs.service';
import { WorkerPresence } from '../presence/worker-presence';
import { type Claimant, leaseLost, mayAct, refusal } from './claimant';
import { WorkerReports } from './worker-reports';

/** The leases of runs. Renews, returns and ends them, and checks them for every call of a worker. */
@Injectable()
export class LeaseService {
  constructor(
    private readonly service: RunsService,
    private readonly runs: RunRepository,
    private readonly clock: Clock,
    private readonly presence: WorkerPresence,
    private readonly reports: WorkerReports,
  ) {}

  /**
   * Renews the lease for `LEASE_SECONDS`. A worker that took an external run without a claim becomes its holder.
   * @throws JobatoError RUN_NOT_FOUND, RUN_ALREADY_ENDED, LEASE_LOST
   */
  async heartbeat(
    runId: string,
    claimant: Claimant & { workerId: string; attempt: number },
  ): Promise<{ cancelRequested: boolean; leaseExpiresAt: Instant }> {
    this.presence.heard(claimant.workerId);
    const run = await this.permitted(runId, claimant);
    try {
      const { cancelRequestedAt, leaseExpiresAt } = await this.renew(run, claimant.workerId);
      return { cancelRequested: cancelRequestedAt !== null, leaseExpiresAt: leaseExpiresAt! };
    } catch (error) {
      // The worker can stop although neither the stop nor this heartbeat can be recorded yet.
      if (!this.service.hasUnrecordedStop(run.runId) || run.leaseExpiresAt === null) throw error;
      return { cancelRequested: true, leaseExpiresAt: run.leaseExpiresAt };
    }
  }

  /**
   * Returns the run if the caller may act for its current attempt. The first use of a lease also renews it: the
   * worker has received its claim.
   * @throws JobatoError RUN_NOT_FOUND, RUN_ALREADY_ENDED, LEASE_LOST
   */
  async held(runId: string, claimant: Claimant): Promise<Run> {
    if (claimant.workerId !== null) this.presence.heard(claimant.workerId);
    const run = await this.permitted(runId, claimant);
    const isFirstUse = run.leaseToken !== null && run.leaseUsedAt === null;
    return isFirstUse ? this.renew(run, run.workerId ?? '') : run;
  }

  /** Returns the error for a caller that may not touch the run in its present state. */
  async refusalNow(runId: string, claimant: Claimant): Promise<JobatoError> {
    return refusal(await this.runs.get(runId), claimant);
  }

  /** Returns whether an attempt is still held, and whether a stop is requested. Only reads the database. */
  async standing(runId: string, attempt: number): Promise<{ stillHeld: boolean; stopRequested: boolean }> {
    const run = await this.runs.attemptState(runId);
    return {
      stillHeld: run !== null && !isTerminal(run) && run.attempt === attempt,
      stopRequested: run !== null && run.cancelRequestedAt !== null,
    };
  }

  /**
   * Returns a run for the worker that holds it. An unused lease puts the run back into the queue with the same
   * attempt. A used one starts the next attempt, or ends the run after the last attempt.
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
    const commanded = await this.service.command(
      run.runId,
      isUnused
        ? { type: 'unclaim', attempt, leaseToken }
        : { type: 'lose-worker', attempt, loss: { kind: 'returned', reason } },
    );
    if (!commanded?.applied) throw refusal(commanded!.run, claimant);
    if (isUnused && reason !== null) {
      const text = `Worker ${workerId} returned the run before starting it: ${reason}`;
      await this.reports.appendLog(run.runId, attempt, [{ stream: 'system', text }]);
    }
    return commanded.run;
  }

  /**
   * Ends all leases of a worker that is gone: each run gets its next attempt, or ends.
   * @param isDone the worker has done its part, and the end of the run is not applied yet
   * @returns the changed runs
   */
  async endAllOf(workerId: string, loss: WorkerLoss, isDone: (runId: string) => boolean): Promise<Run[]> {
    const held = (await this.runs.heldBy(workerId)).filter(({ runId }) => !isDone(runId));
    const ended = await Promise.all(
      held.map(({ runId, attempt }) => this.service.command(runId, { type: 'lose-worker', attempt, loss })),
    );
    return ended.flatMap((commanded) => (commanded?.applied ? [commanded.run] : []));
  }

  private async permitted(runId: string, claimant: Claimant): Promise<Run> {
    const run = await this.runs.get(runId);
    if (isTerminal(run) || !mayAct(run, claimant)) throw refusal(run, claimant);
    return run;
  }

  private async renew(run: Run, workerId: string): Promise<Run> {
    const { runId, attempt } = run;
    const commanded = await this.service.command(runId, {
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
