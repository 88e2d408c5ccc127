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

/** How long a worker that cannot begin, because nothing can be written, waits before it tries again. */
const BEGIN_AGAIN_MS = 1000;

/**
 * The worker within the server's own process. It takes runs from the stream and tells what becomes of them by
 * events, like any worker elsewhere: nothing here touches the table of runs.
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

  /** Where the database cannot be written yet, the server starts all the same, and healing goes on beside. */
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

  /** Not earlier: how the runs of this life ended lies on the stream, and by now it is applied. What is left was cut off. */
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

  /** Heals, then takes runs: one that was claimed before would be released with what the last life held. */
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

  /** What a life before this one left: first its processes, then the runs that it held. */
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
