import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../clock/clock';
import { newLeaseToken } from '../events/lease-proof';
import type { JobatoError } from '../http/catalogue';
import type { ProjectDefinition } from '../projects/project';
import { LEASE_SECONDS, UNUSED_LEASE_SECONDS } from '../runs/lease-times';
import { isTerminal, type Run, type WorkerLoss } from '../runs/run';
import { RunRepository } from '../runs/run.repository';
import { phaseOf, type RunCommand } from '../runs/run-state';
import { RunsService } from '../runs/runs.service';
import { WorkerPresence } from '../presence/worker-presence';
import { type Claimant, leaseLost, mayAct, refusal } from './claimant';
import { RunDeadlines } from './run-deadlines';
import { WorkerReports } from './worker-reports';

/** A run that the embedded worker claimed, with everything that it needs to execute the run. */
export interface Assignment {
  run: Run;
  definition: ProjectDefinition;
  /** Milliseconds since the run started. */
  elapsedMs: number;
}

/** A run that a worker claimed over HTTP. */
export type LeasedRun = Run & { leaseToken: string };

type Claim = Omit<Extract<RunCommand, { type: 'claim' }>, 'type'>;

/** The leases of runs. Claims, renews, returns and ends them, and checks them for every call of a worker. */
@Injectable()
export class LeaseService {
  constructor(
    private readonly service: RunsService,
    private readonly runs: RunRepository,
    private readonly clock: Clock,
    private readonly deadlines: RunDeadlines,
    private readonly presence: WorkerPresence,
    private readonly reports: WorkerReports,
  ) {}

  /**
   * Claims a run with steps for the embedded worker, without a lease token: no call from outside can act for it.
   * @returns null if another worker holds the run, or it has no steps
   */
  async claimForEmbedded(runId: string, workerId: string): Promise<Assignment | null> {
    // Read first: if reading failed after the claim, the worker would hold a run that it cannot start.
    const definition = await this.runs.definitionFor(runId, 'steps');
    if (definition === null) return null;
    const run = await this.claim(runId, { workerId, leaseSeconds: LEASE_SECONDS });
    return run && { run, definition, elapsedMs: this.deadlines.elapsedMs(run) };
  }

  /**
   * Claims a run for a worker that called over HTTP, with a new lease token.
   * @param claimId the worker's own id of this claim, which returns the same answer when it is sent again
   * @returns null if another worker holds the run
   */
  async claimForCaller(runId: string, workerId: string, claimId: string | null): Promise<LeasedRun | null> {
    const token = newLeaseToken();
    const run = await this.claim(runId, {
      workerId,
      leaseSeconds: claimId === null ? UNUSED_LEASE_SECONDS : LEASE_SECONDS,
      lease: { token, claimId },
    });
    return run && { ...run, leaseToken: token };
  }

  /** Returns the run that this claim received, as long as its token is unused; else null. */
  async claimedBy(claimId: string): Promise<LeasedRun | null> {
    const run = await this.runs.claimedBy(claimId);
    if (!run || run.leaseToken === null || run.leaseUsedAt !== null) return null;
    return { ...run, leaseToken: run.leaseToken };
  }

  /** Returns a run to the queue whose worker never used its lease. The run keeps its attempt. */
  async unclaim({ runId, attempt, leaseToken }: LeasedRun): Promise<void> {
    await this.service.command(runId, { type: 'unclaim', attempt, leaseToken });
  }

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

  /** Ends all leases of a worker that is gone: each run gets its next attempt, or ends. @returns the changed runs */
  async endAllOf(workerId: string, loss: WorkerLoss): Promise<Run[]> {
    const held = await this.runs.heldBy(workerId);
    const ended = await Promise.all(
      held.map(({ runId, attempt }) => this.service.command(runId, { type: 'lose-worker', attempt, loss })),
    );
    return ended.flatMap((commanded) => (commanded?.applied ? [commanded.run] : []));
  }

  /** Compare-and-swap in the database: one of several claimants gets the run, the others get null. */
  private async claim(runId: string, claim: Claim): Promise<Run | null> {
    const commanded = await this.service.command(runId, { type: 'claim', ...claim });
    return commanded?.applied ? commanded.run : null;
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
