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
import { RunsService } from '../runs/runs.service';
import { WorkerPresence } from '../presence/worker-presence';
import { EmbeddedAttempts } from './embedded-attempts';
import { EmbeddedRecovery } from './embedded-recovery';
import { SlotLimiter } from './slot-limiter';
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
  private readonly slots: SlotLimiter;
  private readonly requests: StreamRequests;
  private readonly stopping = new AbortController();
  private beginning: Promise<void> = Promise.resolve();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    stream: EventStream,
    attempts: EmbeddedAttempts,
    private readonly recovery: EmbeddedRecovery,
    private readonly presence: WorkerPresence,
    runs: RunsService,
  ) {
    this.workerId = attempts.workerId;
    this.slots = new SlotLimiter(config.workerConcurrency, (taken) => this.announce(taken));
    runs.onStop((runId) => this.slots.stop(runId, 'stop-requested'));
    this.requests = new StreamRequests(stream, this.workerId, this.slots, ({ runId }) =>
      attempts.claim(runId!),
    );
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
    this.slots.stopAll('shutting-down');
    await this.slots.allFree();
    await this.requests.unfollow();
    this.presence.remove(this.workerId);
  }

  /**
   * Runs only at this stage: by now, all final events of this process's runs are applied. The remaining runs were
   * interrupted.
   */
  async onApplicationShutdown(): Promise<void> {
    if (this.config.worker !== 'off') await this.recovery.endLeasesOnShutdown();
  }

  private async beginLater(): Promise<void> {
    const { signal } = this.stopping;
    do await delay(BEGIN_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    while (!signal.aborted && !(await this.begin()));
  }

  /** Recovers before it takes runs: recovery releases all runs of this worker, including newly claimed ones. */
  private async begin(): Promise<boolean> {
    try {
      await this.recovery.healAfterCrash();
      if (this.config.worker !== 'off') await this.requests.start();
      return true;
    } catch (error) {
      this.logger.error(`Recovery after a crash failed, retrying: ${String(error)}`);
      return false;
    }
  }

  private announce(taken: number): void {
    this.presence.update(this.workerId, this.config.workerConcurrency, taken);
  }
}
