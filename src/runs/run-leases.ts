import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../clock/clock';
import { JobatoError } from '../problems/catalogue';
import { isTerminal, type Run } from './run';
import { LEASE_SECONDS } from './lease';
import { RunQueries } from './run-queries';
import { phaseOf } from './run-state';
import { RunStore } from './run-store';
import { WorkerRegistry } from './worker-registry';

/** Who says that it has a run. What is null was not said. */
export interface Claimant {
  workerId: string | null;
  attempt: number | null;
}

/** What a worker elsewhere may do with the run that it has. Whoever does not have it is told so. */
@Injectable()
export class RunLeases {
  constructor(
    private readonly store: RunStore,
    private readonly queries: RunQueries,
    private readonly workers: WorkerRegistry,
    private readonly clock: Clock,
  ) {}

  /** Of all who try, one gets the run; the others get null. */
  async claim(runId: string, workerId: string): Promise<Run | null> {
    const claimed = await this.store.command(runId, { type: 'claim', workerId, leaseSeconds: LEASE_SECONDS });
    return claimed?.applied ? claimed.run : null;
  }

  /** Takes a claim back that its worker was never told of. */
  async unclaim({ runId, attempt }: Run, workerId: string): Promise<void> {
    await this.store.command(runId, { type: 'unclaim', workerId, attempt });
  }

  /**
   * A sign of life: the run is the worker's for another `LEASE_SECONDS`. One that took the run without a claim is
   * its holder from then on.
   * @throws JobatoError RUN_NOT_FOUND, RUN_ALREADY_ENDED, LEASE_LOST
   */
  async heartbeat(
    runId: string,
    workerId: string,
    attempt: number,
  ): Promise<{ cancelRequested: boolean; leaseExpiresAt: Instant }> {
    this.workers.heard(workerId);
    const commanded = await this.store.command(runId.toLowerCase(), {
      type: 'heartbeat',
      occurredAt: this.clock.now(),
      payload: { workerId, attempt, leaseSeconds: LEASE_SECONDS },
    });
    if (!commanded?.applied) {
      throw refusal(commanded?.run ?? (await this.queries.get(runId)), { workerId, attempt });
    }
    const { cancelRequestedAt, leaseExpiresAt } = commanded.run;
    return { cancelRequested: cancelRequestedAt !== null, leaseExpiresAt: leaseExpiresAt! };
  }

  /**
   * Hands the run back: it gets its next attempt, or ends if that was the last one.
   * @returns the run after it
   * @throws JobatoError RUN_NOT_FOUND, RUN_ALREADY_ENDED, LEASE_LOST
   */
  async release(runId: string, workerId: string, attempt: number, reason: string | null): Promise<Run> {
    this.workers.heard(workerId);
    const run = await this.held(runId, { workerId, attempt });
    if (phaseOf(run) === 'waiting') throw refusal(run, { workerId, attempt });
    const commanded = await this.store.command(run.runId, {
      type: 'lose-worker',
      attempt,
      message: `The worker ${workerId} handed the run back${reason === null ? '.' : `: ${reason}`}`,
    });
    if (!commanded?.applied) throw refusal(commanded!.run, { workerId, attempt });
    return commanded.run;
  }

  /**
   * The run, if the one who asks may have it: nobody else holds it, and its attempt is the current one. A name may be
   * left out, but not for a run with steps that nobody has or that this server carries out itself: a file of somebody
   * else could replace what its next step carries out. Who carries out external runs need not claim them.
   * @throws JobatoError RUN_NOT_FOUND, RUN_ALREADY_ENDED, LEASE_LOST
   */
  async held(runId: string, claimant: Claimant): Promise<Run> {
    if (claimant.workerId !== null) this.workers.heard(claimant.workerId);
    const run = await this.queries.get(runId);
    const { workerId, attempt } = claimant;
    const isHolder = workerId !== null && workerId === run.workerId;
    const isAtWorkElsewhere = run.workerId !== null && !this.workers.isOurs(run.workerId);
    const isTrusted =
      run.executor === 'external'
        ? workerId === null || run.workerId === null
        : workerId === null && isAtWorkElsewhere;
    if (isTerminal(run) || !(isHolder || isTrusted) || (attempt !== null && attempt !== run.attempt)) {
      throw refusal(run, claimant);
    }
    return run;
  }
}

/** Why a worker may not touch this run, said to it. */
export function refusal(run: Run, { workerId, attempt }: Claimant): JobatoError {
  if (isTerminal(run)) {
    return new JobatoError(
      'RUN_ALREADY_ENDED',
      `The run ended as ${run.status} at ${run.endedAt}. Stop working on it.`,
    );
  }
  const who = workerId === null ? 'this worker' : `worker ${workerId}`;
  const claimed = attempt === null ? '' : ` with attempt ${attempt}`;
  const holder = run.workerId === null ? 'held by no known worker' : `held by worker ${run.workerId}`;
  return new JobatoError(
    'LEASE_LOST',
    `The run is not held by ${who}${claimed}: it is in attempt ${run.attempt}, ${holder}. Stop working on it.`,
  );
}
