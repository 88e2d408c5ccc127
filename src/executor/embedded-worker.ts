import { setTimeout as delay } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { EventStream } from '../events/event-stream';
import { UnrecordedStops } from '../runs/unrecorded-stops';
import { WorkerPresence } from '../runs/worker-presence';
import { EmbeddedAttempts } from './embedded-attempts';
import { EmbeddedRecovery } from './embedded-recovery';
import { LocalControlPlane } from './local-control-plane';
import { Places } from './places';
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
  private readonly places: Places;
  private readonly requests: StreamRequests;
  private readonly stopping = new AbortController();
  private beginning: Promise<void> = Promise.resolve();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    stream: EventStream,
    { workerId }: LocalControlPlane,
    attempts: EmbeddedAttempts,
    private readonly recovery: EmbeddedRecovery,
    private readonly presence: WorkerPresence,
    stops: UnrecordedStops,
  ) {
    this.workerId = workerId;
    this.places = new Places(config.workerConcurrency, (taken) => this.announce(taken));
    stops.onEnd((runId) => this.places.stop(runId, 'stop-requested'));
    this.requests = new StreamRequests(stream, workerId, this.places, ({ runId }) => attempts.claim(runId!));
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
    this.presence.remove(this.workerId);
  }

  /** Not earlier: how the runs of this life ended lies on the stream, and by now it is applied. What is left was cut off. */
  async onApplicationShutdown(): Promise<void> {
    if (this.config.worker !== 'off') await this.recovery.endLeasesOnShutdown();
  }

  private async beginLater(): Promise<void> {
    const { signal } = this.stopping;
    do await delay(BEGIN_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    while (!signal.aborted && !(await this.begin()));
  }

  /** Heals, then takes runs: one that was claimed before would be released with what the last life held. */
  private async begin(): Promise<boolean> {
    try {
      await this.recovery.healAfterCrash();
      if (this.config.worker !== 'off') await this.requests.start();
      return true;
    } catch (error) {
      this.logger.error(`What the last life left cannot be healed yet, trying again: ${String(error)}`);
      return false;
    }
  }

  private announce(taken: number): void {
    this.presence.update(this.workerId, this.config.workerConcurrency, taken);
  }
}
