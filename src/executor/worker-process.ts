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
import { Clock } from '../clock/clock';
import { CONFIG } from '../config/config.module';
import type { WorkerConfig } from '../config/config';
import { EventStream } from '../events/event-stream';
import { NodeIdentity } from '../lifecycle/node-identity';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { ArtifactFiles } from '../artifacts/artifact-files';
import type { Attempt } from './attempt';
import { ClaimPolling } from './claim-polling';
import type { AttemptKey } from './control-plane';
import { DefinitionMismatch } from './definition-mismatch';
import { HeldRuns } from './held-runs';
import { HttpControlPlane } from './http-control-plane';
import { LogBudget } from './log-budget';
import { SlotLimiter } from './slot-limiter';
import { ProcessRegistry } from './process-registry';
import { RunAttempt } from './run-attempt';
import { StepRunner } from './step-runner';
import { StreamControlPlane } from './stream-control-plane';
import { StreamRequests } from './stream-requests';
import { claimSurely, keyOf } from './sure-claim';
import { type Claimed, WorkerApi } from './worker-api';

/** Pause in milliseconds after a run could not be started. No run is claimed during that time. */
const PAUSE_MS = 5000;

/** A worker in its own process, for a local or remote server. */
@Injectable()
export class WorkerProcess implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private readonly logger = new Logger(WorkerProcess.name);
  private readonly workerId: string;
  private readonly api: WorkerApi;
  private readonly held: HeldRuns;
  private readonly control: HttpControlPlane;
  private readonly slots: SlotLimiter;
  private readonly stopping = new AbortController();
  private readonly logBudget = new LogBudget();
  /** Source of runs. */
  private readonly requests: StreamRequests | ClaimPolling;

  constructor(
    @Inject(CONFIG) private readonly config: WorkerConfig,
    private readonly clock: Clock,
    private readonly catalogue: ProjectCatalogue,
    private readonly artifacts: ArtifactFiles,
    private readonly processes: ProcessRegistry,
    private readonly steps: StepRunner,
    node: NodeIdentity,
    /** Null: everything goes over HTTP. */
    @Inject(EventStream) private readonly stream: EventStream | null,
  ) {
    this.workerId = `worker-${node.id}`;
    this.api = new WorkerApi(config.serverUrl, config.apiKey, this.workerId);
    this.held = new HeldRuns(config.dataDir);
    this.slots = new SlotLimiter(config.workerConcurrency);
    if (stream) {
      this.control = new StreamControlPlane(this.api, this.held, artifacts, stream, config.logLimitBytes);
      this.requests = new StreamRequests(stream, this.workerId, this.slots, (fields) =>
        this.claimRequested(fields),
      );
    } else {
      this.control = new HttpControlPlane(this.api, this.held, artifacts);
      this.requests = new ClaimPolling(this.slots, (waitSeconds) => this.claim(null, waitSeconds));
    }
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.heal();
    await this.requests.start();
    const way = this.requests instanceof StreamRequests ? 'Redis' : 'HTTP';
    this.logger.log(
      `Worker ${this.workerId} accepts runs from ${this.config.serverUrl} over ${way} (slots: ${this.config.workerConcurrency})`,
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
    await this.control.settled();
    if (this.requests instanceof StreamRequests) await this.requests.unfollow();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stream?.close();
  }

  /** Recovers after a crash: removes leftover processes, then files, then hands back the runs that the worker held. */
  private async heal(): Promise<void> {
    await this.processes.killLeftovers();
    await rm(join(this.config.dataDir, 'runs'), { recursive: true, force: true });
    for (const attempt of this.held.list()) {
      this.logger.warn(`Run ${attempt.runId} was interrupted when this worker ended. Releasing it.`);
      // Not awaited: the server may be unavailable.
      void this.control.releaseUntilTaken(attempt, 'the worker ended unexpectedly');
    }
  }

  /** Claims the requested run, or a newer one of the same project. */
  private async claimRequested(fields: Record<string, string>): Promise<Attempt | null> {
    const projectId = projectOf(fields.payload);
    return projectId === null ? null : this.claim(projectId, 0);
  }

  private async claim(projectId: string | null, waitSeconds: number): Promise<Attempt | null> {
    const claimed = await claimSurely(this.api, projectId, waitSeconds, this.stopping.signal);
    if (!claimed) return null;
    const key = keyOf(claimed);
    try {
      this.held.hold(key);
      return await this.attemptAt(claimed);
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
      await this.api.release(key, `The worker could not start the run: ${message}`);
      this.held.forget(key);
    } catch (error) {
      this.logger.error(`Releasing run ${key.runId} failed, its lease will expire: ${String(error)}`);
    }
    await delay(PAUSE_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  private async attemptAt(claimed: Claimed): Promise<Attempt> {
    const { leaseToken, elapsedMs } = claimed;
    const { runId, payload } = claimed.request;
    const { projectId, scope, steps, params, attempt, definitionHash, runInputs, quota } = payload;
    let known = this.catalogue.find(projectId);
    if (known?.definitionHash !== definitionHash) {
      // The file may have just changed, before its watcher reported it.
      await this.catalogue.reload();
      known = this.catalogue.find(projectId);
    }
    const { workerId, clock, control } = this;
    if (known?.definitionHash !== definitionHash) {
      const ownHash = known?.definitionHash ?? null;
      const run = { runId, projectId, attempt, leaseToken };
      return new DefinitionMismatch(run, definitionHash, ownHash, workerId, control, clock);
    }
    const run = {
      runId,
      projectId,
      scope,
      attempt,
      leaseToken,
      params,
      runInputs: runInputs === undefined ? null : JSON.stringify(runInputs),
      quota: quota ?? null,
      steps: steps.map((name) => ({ name })),
    };
    const { config, artifacts } = this;
    return new RunAttempt(
      workerId,
      { run, definition: known.definition, elapsedMs },
      { config, clock, control, artifacts, steps: this.steps, logBudget: this.logBudget },
    );
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
