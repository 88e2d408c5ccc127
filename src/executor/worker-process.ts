import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { CONFIG } from '../config/config.module';
import type { WorkerConfig } from '../config/config';
import type { Attempt } from './attempt';
import { ClaimPolling } from './claim-polling';
import { ClaimedAttempts } from './claimed-attempts';
import type { AttemptKey } from './control-plane';
import { ServerLink } from './server-link';
import { SlotLimiter } from './slot-limiter';
import { ProcessRegistry } from './process-registry';
import { StreamRequests } from './stream-requests';
import { CURRENT_FOLDER } from './http-control-plane';
import { claimSurely, keyOf } from './http-claim';

/** Pause in milliseconds after a run could not be started. No run is claimed during that time. */
const PAUSE_MS = 5000;

/** A worker in its own process, for a local or remote server. */
@Injectable()
export class WorkerProcess implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private readonly logger = new Logger(WorkerProcess.name);
  private readonly slots: SlotLimiter;
  private readonly stopping = new AbortController();
  /** Source of runs. */
  private readonly requests: StreamRequests | ClaimPolling;

  constructor(
    @Inject(CONFIG) private readonly config: WorkerConfig,
    private readonly processes: ProcessRegistry,
    private readonly server: ServerLink,
    private readonly attempts: ClaimedAttempts,
  ) {
    const { stream, workerId } = server;
    this.slots = new SlotLimiter(config.workerConcurrency);
    this.requests = stream
      ? new StreamRequests(stream, workerId, this.slots, (fields) => this.claimRequested(fields))
      : new ClaimPolling(this.slots, (waitSeconds) => this.claim(null, waitSeconds));
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.heal();
    await this.requests.start();
    const way = this.requests instanceof StreamRequests ? 'Redis' : 'HTTP';
    this.logger.log(
      `Worker ${this.server.workerId} accepts runs from ${this.config.serverUrl} over ${way} (slots: ${this.config.workerConcurrency})`,
    );
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.requests.stop();
    const cutOff = new AbortController();
    const drained = this.slots.allFree().finally(() => cutOff.abort());
    await delay(this.config.workerDrainSeconds * 1000, undefined, { signal: cutOff.signal }).catch(
      () => undefined,
    );
    this.slots.stopAll('shutting-down');
    await drained;
    await this.server.control.settled();
    if (this.requests instanceof StreamRequests) await this.requests.unfollow();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.server.stream?.close();
  }

  /** Recovers after a crash: removes leftover processes, then files, then hands back the runs that the worker held. */
  private async heal(): Promise<void> {
    await this.processes.killLeftovers();
    for (const folder of ['runs', CURRENT_FOLDER])
      await rm(join(this.config.dataDir, folder), { recursive: true, force: true });
    for (const attempt of this.server.held.list()) {
      this.logger.warn(`Run ${attempt.runId} was interrupted when this worker ended. Releasing it.`);
      // Not awaited: the server may be unavailable.
      void this.server.control.releaseUntilTaken(attempt, 'the worker ended unexpectedly');
    }
  }

  /** Claims the requested run, or a newer one of the same project. */
  private async claimRequested(fields: Record<string, string>): Promise<Attempt | null> {
    const projectId = projectOf(fields.payload);
    return projectId === null ? null : this.claim(projectId, 0);
  }

  private async claim(projectId: string | null, waitSeconds: number): Promise<Attempt | null> {
    const claimed = await claimSurely(this.server.api, projectId, waitSeconds, this.stopping.signal);
    if (!claimed) return null;
    const key = keyOf(claimed);
    try {
      this.server.held.hold(key);
      return await this.attempts.prepare(claimed);
    } catch (error) {
      await this.refuse(key, error as Error);
      throw error;
    }
  }

  /**
   * Hands a run back if the worker cannot start it, for example because the disk is full. Pauses, so that other
   * workers can claim it.
   */
  private async refuse(key: AttemptKey, { message }: Error): Promise<void> {
    this.logger.error(`Starting run ${key.runId} failed, releasing it: ${message}`);
    try {
      await this.server.api.release(key, `The worker could not start the run: ${message}`);
      this.server.held.forget(key);
    } catch (error) {
      this.logger.error(`Releasing run ${key.runId} failed, its lease will expire: ${String(error)}`);
    }
    await delay(PAUSE_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

/** Returns the project id; null for an unparsable payload, which is ignored. */
function projectOf(payload: string | undefined): string | null {
  try {
    const { projectId } = JSON.parse(payload ?? '') as { projectId?: unknown };
    return typeof projectId === 'string' ? projectId : null;
  } catch {
    return null;
  }
}
