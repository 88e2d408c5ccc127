import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import type { RunEventOf } from '../events/run-event';
import { Lifecycle } from '../lifecycle/lifecycle';
import { JobatoError } from '../problems/catalogue';
import type { Run } from '../runs/run';
import { RunChanges } from '../runs/run-changes';
import { RunLeases } from '../runs/run-leases';
import { RunQueries } from '../runs/run-queries';
import { phaseOf } from '../runs/run-state';
import { WorkerRegistry } from '../runs/worker-registry';
import { type ClaimRequest, WaitingClaim } from './waiting-claim';

type Requested = RunEventOf<'run.requested'>;

/**
 * Brings waiting workers and waiting runs together: who came first gets the oldest run that it can carry out. However
 * many wait, a run that turns up costs one look at the database and one commit; nobody polls.
 */
@Injectable()
export class ClaimQueue implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(ClaimQueue.name);
  /** In the order in which they came. */
  private readonly waiting = new Set<WaitingClaim>();
  /** How runs are carried out that any worker may take; with WORKER=off, steps are others' affair as well. */
  private readonly executors: Run['executor'][];
  private matching: Promise<void> = Promise.resolve();
  private isMatching = false;
  private hasNews = false;
  private isStopping = false;
  private stopListening: () => void = () => undefined;

  constructor(
    private readonly leases: RunLeases,
    private readonly queries: RunQueries,
    private readonly changes: RunChanges,
    private readonly workers: WorkerRegistry,
    private readonly lifecycle: Lifecycle,
    @Inject(CONFIG) config: Config,
  ) {
    this.executors = config.worker === 'off' ? ['external', 'steps'] : ['external'];
  }

  onApplicationBootstrap(): void {
    this.stopListening = this.changes.onAnyChange((run) => {
      if (this.waiting.size > 0 && phaseOf(run) === 'waiting') this.match();
    });
  }

  /** A call that waits would keep the server from closing. */
  async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    this.stopListening();
    for (const claim of this.waiting) claim.endWaiting();
    await this.matching;
  }

  /**
   * Resolves with the request of a run that is now the worker's, or with null when the time is over, the caller is
   * gone, or the server stops.
   * @throws JobatoError SHUTTING_DOWN
   */
  async claim(request: ClaimRequest): Promise<Requested | null> {
    if (this.isStopping || this.lifecycle.isStopping) {
      throw new JobatoError('SHUTTING_DOWN', 'The server is stopping and hands out no runs.');
    }
    const leave = this.workers.arrive(request.workerId);
    const claim = new WaitingClaim(request);
    this.waiting.add(claim);
    this.match();
    try {
      return await claim.outcome;
    } finally {
      this.waiting.delete(claim);
      leave();
    }
  }

  private match(): void {
    this.hasNews = true;
    if (this.isMatching) return;
    this.isMatching = true;
    this.matching = this.matchAll();
  }

  private async matchAll(): Promise<void> {
    while (this.hasNews) {
      // Whoever else comes in this turn of the event loop is served by the same look.
      await new Promise((next) => setImmediate(next));
      this.hasNews = false;
      const claims = [...this.waiting].filter(({ isOpen }) => isOpen);
      try {
        await this.matchOnce(claims);
      } catch (error) {
        this.logger.error(`Runs cannot be handed out: ${String(error)}`);
        for (const claim of claims) claim.fail(error);
      }
      for (const claim of claims) claim.wasLookedAt();
    }
    this.isMatching = false;
  }

  private async matchOnce(claims: WaitingClaim[]): Promise<void> {
    if (claims.length === 0 || this.isStopping) return;
    const open = await this.queries.unclaimed(
      claims.some(({ projectIds }) => projectIds === null) ? this.executors : [],
      [...new Set(claims.flatMap(({ projectIds }) => [...(projectIds ?? [])]))],
    );
    const pairs = claims.flatMap((claim) => {
      const index = open.findIndex((run) => claim.isFor(run, this.executors));
      return index === -1 ? [] : [{ claim, runId: open.splice(index, 1)[0]!.runId }];
    });
    for (const { claim } of pairs) claim.isBeingServed = true;
    try {
      await this.take(pairs);
    } finally {
      for (const { claim } of pairs) claim.isBeingServed = false;
    }
  }

  private async take(pairs: { claim: WaitingClaim; runId: string }[]): Promise<void> {
    const results = await Promise.allSettled(
      pairs.map(async ({ claim, runId }) => ({
        claim,
        run: await this.leases.claim(runId, claim.workerId),
      })),
    );
    const decided = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    // Somebody else was quicker with these: there may be another run.
    this.hasNews ||= decided.some(({ run }) => run === null);
    await this.handOver(decided.flatMap(({ claim, run }) => (run ? [{ claim, run }] : [])));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  private async handOver(taken: { claim: WaitingClaim; run: Run }[]): Promise<void> {
    let requests = new Map<string, Requested>();
    try {
      requests = await this.queries.requests(taken.map(({ run }) => run));
    } finally {
      await Promise.all(
        taken.map(async ({ claim, run }) => {
          const request = requests.get(run.runId);
          if (request && claim.give(request)) return;
          // Its worker went away in the meantime, and does not know that it has a run.
          await this.leases.unclaim(run, claim.workerId);
        }),
      );
    }
  }
}
