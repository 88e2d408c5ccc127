import { setTimeout as delay } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { Clock } from '../clock/clock';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { EventStream } from '../events/event-stream';
import { NodeIdentity } from '../lifecycle/node-identity';
import { ArtifactFiles } from '../artifacts/artifact-files';
import { RunClaims } from '../runs/run-claims';
import { UnrecordedStops } from '../runs/unrecorded-stops';
import { WorkerRegistry } from '../runs/worker-registry';
import { LogBudget } from './log-budget';
import { LocalControlPlane } from './local-control-plane';
import { Places } from './places';
import { ProcessRegistry } from './process-registry';
import { type AttemptTools, RunAttempt } from './run-attempt';
import { StepRunner } from './step-runner';
import { StreamRequests } from './stream-requests';

/** Delay in milliseconds before a worker that cannot start, because writes fail, tries again. */
const BEGIN_AGAIN_MS = 1000;

/**
 * The worker in the server's own process. Like every worker, it takes runs from the stream and reports by events. It
 * never accesses the runs table.
 */
@Injectable()
export class EmbeddedWorker implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private readonly logger = new Logger(EmbeddedWorker.name);
  private readonly workerId: string;
  private readonly tools: AttemptTools;
  private readonly places: Places;
  private readonly requests: StreamRequests;
  private readonly stopping = new AbortController();
  private beginning: Promise<void> = Promise.resolve();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    stream: EventStream,
    private readonly claims: RunClaims,
    private readonly workers: WorkerRegistry,
    private readonly processes: ProcessRegistry,
    clock: Clock,
    artifacts: ArtifactFiles,
    steps: StepRunner,
    node: NodeIdentity,
    stops: UnrecordedStops,
  ) {
    this.workerId = `embedded-${node.id}`;
    const control = new LocalControlPlane(this.workerId, stream, claims, clock);
    this.tools = { config, clock, control, artifacts, steps, logBudget: new LogBudget() };
    this.places = new Places(config.workerConcurrency, (taken) => this.announce(taken));
    stops.onEnd((runId) => this.places.stop(runId, 'stop-requested'));
    this.requests = new StreamRequests(stream, this.workerId, this.places, ({ runId }) => this.claim(runId!));
  }

  /** If the database is not writable yet, the server still starts, and recovery continues in the background. */
  async onApplicationBootstrap(): Promise<void> {
    if (this.config.worker !== 'off') this.announce(0);
    if (!(await this.begin())) this.beginning = this.beginLater();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.beginning;
    await this.requests.stop();
    this.places.stopAll('shutting-down');
    await this.places.allFree();
    await this.requests.unfollow();
    this.workers.remove(this.workerId);
  }

  /**
   * Runs only at this stage: by now, all final events of this process's runs are applied. The remaining runs were
   * interrupted.
   */
  async onApplicationShutdown(): Promise<void> {
    if (this.config.worker === 'off') return;
    try {
      await this.claims.release(this.workerId, { kind: 'server-stopped' });
    } catch (error) {
      this.logger.error(`Runs that were cut off are released by the next start: ${String(error)}`);
    }
  }

  private async beginLater(): Promise<void> {
    const { signal } = this.stopping;
    do await delay(BEGIN_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    while (!signal.aborted && !(await this.begin()));
  }

  /** Recovers before it takes runs: recovery releases all runs of this worker, including newly claimed ones. */
  private async begin(): Promise<boolean> {
    try {
      await this.heal();
      if (this.config.worker !== 'off') await this.requests.start();
      return true;
    } catch (error) {
      this.logger.error(`What the last life left cannot be healed yet, trying again: ${String(error)}`);
      return false;
    }
  }

  /** Recovers after a crash: kills leftover processes, then releases the runs that the previous process held. */
  private async heal(): Promise<void> {
    await this.processes.killLeftovers();
    const released = await this.claims.release(this.workerId, { kind: 'server-crashed' });
    for (const { runId, status, attempt } of released) {
      this.logger.warn(
        `Run ${runId} was interrupted by the end of the server: now ${status}, attempt ${attempt}.`,
      );
    }
  }

  private async claim(runId: string): Promise<RunAttempt | null> {
    const assignment = await this.claims.claim(runId, this.workerId, 'steps');
    return assignment && new RunAttempt(this.workerId, assignment, this.tools);
  }

  private announce(taken: number): void {
    this.workers.update(this.workerId, this.config.workerConcurrency, taken);
  }
}
