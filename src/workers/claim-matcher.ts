import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Lifecycle } from '../lifecycle/lifecycle';
import { JobatoError } from '../http/problem-catalogue';
import { RunChanges } from '../runs/run-changes';
import { phaseOf } from '../runs/run-state';
import { type LeasedRun, RunClaims } from './run-claims';
import { SerialByKey } from './serial-by-key';
import { WorkerPresence } from '../presence/worker-presence';
import { ClaimableRuns } from './claimable-runs';
import { type ClaimRequest, type GrantedRun, WaitingClaim } from './waiting-claim';
import { WaitingClaims } from './waiting-claims';

/**
 * Matches waiting claims with waiting runs: the first claim gets the oldest run. A new run costs one query and one
 * commit, however many workers wait. No client or server polls.
 */
@Injectable()
export class ClaimMatcher implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(ClaimMatcher.name);
  private readonly waiting = new WaitingClaims();
  /** Serializes the work on each `claimId`. */
  private readonly byClaim = new SerialByKey();
  /** The latest response to each claim, by token. Only if that response is lost does the run return to the queue. */
  private readonly answers = new Map<string, GrantedRun>();
  private matching: Promise<void> = Promise.resolve();
  private isMatching = false;
  private hasNews = false;
  private isStopping = false;
  private stopListening: () => void = () => undefined;

  constructor(
    private readonly runClaims: RunClaims,
    private readonly runs: ClaimableRuns,
    private readonly changes: RunChanges,
    private readonly presence: WorkerPresence,
    private readonly lifecycle: Lifecycle,
  ) {}

  onApplicationBootstrap(): void {
    this.stopListening = this.changes.onAnyChange((run) => {
      if (this.waiting.size > 0 && phaseOf(run) === 'waiting') this.match();
    });
  }

  /** Ends all waiting claims, because an open call would block the shutdown. */
  async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    this.stopListening();
    for (const claim of this.waiting.open()) claim.endWaiting();
    await this.matching;
  }

  /**
   * Resolves with a run that is leased to the worker. Resolves with null when the time is over, the caller disconnects,
   * or the server stops. The caller reports with `answered` whether the response was sent.
   * @throws JobatoError SHUTTING_DOWN, SERVER_BUSY
   */
  async claim(request: ClaimRequest): Promise<GrantedRun | null> {
    if (this.isStopping || this.lifecycle.isStopping) {
      throw new JobatoError(
        'SHUTTING_DOWN',
        'The server is stopping and assigns no runs. Try again after it has restarted.',
      );
    }
    const leave = this.presence.arrive(request.workerId);
    const { claimId } = request;
    try {
      if (claimId === null) return await this.wait(this.enqueue(request));
      const { again, claim } = await this.byClaim.take(claimId, async () => {
        const granted = await this.grantedBefore(claimId);
        return granted ? { again: granted, claim: null } : { again: null, claim: this.enqueue(request) };
      });
      return again ?? (await this.wait(claim));
    } finally {
      leave();
    }
  }

  /** Records whether the response to a claim was sent. If its connection closed first, the run returns to the queue. */
  async answered(granted: GrantedRun, wasSent: boolean): Promise<void> {
    const { leaseToken, leaseClaimId } = granted.run;
    const settle = async () => {
      if (this.answers.get(leaseToken) !== granted) return; // a later response to the same claim replaced it
      this.answers.delete(leaseToken);
      if (!wasSent) await this.runClaims.unclaim(granted.run);
    };
    try {
      await (leaseClaimId === null ? settle() : this.byClaim.take(leaseClaimId, settle));
    } catch (error) {
      this.logger.warn({
        runId: granted.run.runId,
        msg: `The response to a claim was lost. The run returns to the queue when its lease expires: ${String(error)}`,
      });
    }
  }

  private enqueue(request: ClaimRequest): WaitingClaim {
    const claim = new WaitingClaim(request);
    this.waiting.add(claim);
    this.match();
    return claim;
  }

  private async wait(claim: WaitingClaim): Promise<GrantedRun | null> {
    try {
      return await claim.outcome;
    } finally {
      this.waiting.remove(claim);
    }
  }

  /** Returns the run of an earlier call with this `claimId`, if its lease is still unused. */
  private async grantedBefore(claimId: string): Promise<GrantedRun | null> {
    const earlier = this.waiting.find(claimId);
    if (earlier) {
      // The earlier connection is probably closed, even if the server has not noticed yet.
      earlier.endWaiting();
      await earlier.outcome.catch(() => undefined);
    }
    const run = await this.runClaims.claimedBy(claimId);
    const request = run && (await this.runs.requests([run])).get(run.runId);
    return run && request ? this.grant(run, request) : null;
  }

  private grant(run: LeasedRun, request: GrantedRun['request']): GrantedRun {
    // The secrets are only in this answer: the request comes from the stream, which never has them.
    const params = { ...request.payload.params, ...run.secrets };
    const granted = { run, request: { ...request, payload: { ...request.payload, params } } };
    this.answers.set(run.leaseToken, granted);
    return granted;
  }

  private match(): void {
    this.hasNews = true;
    if (this.isMatching) return;
    this.isMatching = true;
    this.matching = this.matchAll();
  }

  private async matchAll(): Promise<void> {
    while (this.hasNews) {
      // All claims of this event loop turn share one query.
      await new Promise((next) => setImmediate(next));
      this.hasNews = false;
      const claims = this.waiting.open();
      try {
        await this.matchOnce(claims);
      } catch (error) {
        this.logger.error(`Assigning runs failed: ${String(error)}`);
        for (const claim of claims) claim.fail(error);
      }
      for (const claim of claims) claim.wasLookedAt(this.runs.hasProject);
    }
    this.isMatching = false;
  }

  private async matchOnce(claims: WaitingClaim[]): Promise<void> {
    if (claims.length === 0 || this.isStopping) return;
    const open = await this.runs.list();
    const pairs = claims.flatMap((claim) => {
      const index = open.findIndex((run) => claim.isFor(run));
      return index === -1 ? [] : [{ claim, runId: open.splice(index, 1)[0]!.runId }];
    });
    for (const { claim } of pairs) claim.isBeingServed = true;
    try {
      await this.take(pairs);
    } finally {
      for (const { claim } of pairs) claim.isBeingServed = false;
    }
  }

  /** Claims runs for the pairs. A failure rejects only its own claim. */
  private async take(pairs: { claim: WaitingClaim; runId: string }[]): Promise<void> {
    const taken: { claim: WaitingClaim; run: LeasedRun }[] = [];
    await Promise.all(
      pairs.map(async ({ claim, runId }) => {
        try {
          const run = await this.runClaims.claimForCaller(runId, claim.workerId, claim.claimId);
          if (run) taken.push({ claim, run });
          // Another worker claimed this run first; look for another run.
          else this.hasNews = true;
        } catch (error) {
          claim.fail(error);
        }
      }),
    );
    try {
      await this.handOver(taken);
    } catch (error) {
      this.logger.error(`Returning claimed runs failed: ${String(error)}`);
      for (const { claim } of taken) claim.fail(error);
    }
  }

  private async handOver(taken: { claim: WaitingClaim; run: LeasedRun }[]): Promise<void> {
    let requests = new Map<string, GrantedRun['request']>();
    try {
      requests = await this.runs.requests(taken.map(({ run }) => run));
    } finally {
      await Promise.all(
        taken.map(async ({ claim, run }) => {
          const request = requests.get(run.runId);
          if (request && claim.isOpen) claim.give(this.grant(run, request));
          // The worker disconnected and does not know that it holds a run.
          else await this.runClaims.unclaim(run);
        }),
      );
    }
  }
}
