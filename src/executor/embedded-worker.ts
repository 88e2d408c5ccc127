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
import { EventStream, type StreamEntry, WORKER_GROUP } from '../events/event-stream';
import { NodeIdentity } from '../lifecycle/node-identity';
import { ArtifactFiles } from '../runs/artifact-files';
import { RunClaims } from '../runs/run-claims';
import { WorkerRegistry } from '../runs/worker-registry';
import { ProcessRegistry } from './process-registry';
import { type AttemptTools, RunAttempt, type StopCause } from './run-attempt';
import { StepRunner } from './step-runner';

const WAIT_MS = 5_000;
/** An entry whose claim failed, because the database could not be asked, is looked at again after this long. */
const RETRY_AFTER_MS = 5_000;

/** Somebody may ask for a stop between the claim and the start. */
interface Place {
  attempt: RunAttempt | null;
  stopCause: StopCause | null;
  /** Resolves when the place is free again. */
  ended: Promise<void>;
}

/**
 * The worker within the server's own process. It takes runs from the stream and tells what becomes of them by
 * events, like any worker elsewhere: nothing here touches the table of runs.
 */
@Injectable()
export class EmbeddedWorker implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private readonly logger = new Logger(EmbeddedWorker.name);
  private readonly workerId: string;
  private readonly tools: AttemptTools;
  private readonly stopping = new AbortController();
  private readonly places = new Map<string, Place>();
  private readonly attempts = new Set<Promise<void>>();
  private onFreePlace: (() => void) | null = null;
  private taking: Promise<void> = Promise.resolve();
  private following: { stop(): Promise<void> } | null = null;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly stream: EventStream,
    private readonly claims: RunClaims,
    private readonly workers: WorkerRegistry,
    private readonly processes: ProcessRegistry,
    clock: Clock,
    artifacts: ArtifactFiles,
    steps: StepRunner,
    node: NodeIdentity,
  ) {
    this.workerId = `embedded-${node.id}`;
    this.tools = { config, clock, stream, claims, artifacts, steps };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.heal();
    if (this.config.worker === 'off') return;
    this.announce();
    this.following = await this.stream.follow(({ eventType, runId }) => {
      if (eventType === 'run.cancel.requested' && runId !== undefined) this.stopRun(runId, 'stop-requested');
    });
    this.taking = this.takeRuns();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    this.onFreePlace?.();
    await this.taking;
    for (const runId of this.places.keys()) this.stopRun(runId, 'shutting-down');
    await Promise.all(this.attempts);
    await this.following?.stop();
    this.workers.remove(this.workerId);
  }

  /** Not earlier: how the runs of this life ended lies on the stream, and by now it is applied. What is left was cut off. */
  async onApplicationShutdown(): Promise<void> {
    if (this.config.worker === 'off') return;
    await this.claims.release(this.workerId, 'The server was stopped while the run was at work.');
  }

  /** What a life before this one left: first its processes, then the runs that it held. */
  private async heal(): Promise<void> {
    await this.processes.killLeftovers();
    const released = await this.claims.release(
      this.workerId,
      'The server ended without warning while the run was at work.',
    );
    for (const { runId, status, attempt } of released) {
      this.logger.warn(
        `Run ${runId} was interrupted by the end of the server: now ${status}, attempt ${attempt}.`,
      );
    }
  }

  private async takeRuns(): Promise<void> {
    let idleMs = 0; // what an earlier life of this worker was handed is nobody's now
    let lastTakeOverMs = 0;
    while (!this.stopping.signal.aborted) {
      try {
        await this.freePlace();
        const count = this.config.workerConcurrency - this.places.size;
        if (Date.now() - lastTakeOverMs >= RETRY_AFTER_MS) {
          await this.takeAll(await this.stream.takeOver(WORKER_GROUP, this.workerId, { idleMs, count }));
          lastTakeOverMs = Date.now();
          idleMs = RETRY_AFTER_MS;
        } else {
          const { signal } = this.stopping;
          await this.takeAll(
            await this.stream.read(WORKER_GROUP, this.workerId, { count, waitMs: WAIT_MS, signal }),
          );
        }
      } catch (error) {
        this.logger.error(`Runs cannot be taken from the stream, trying again: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }

  private async takeAll(entries: StreamEntry[]): Promise<void> {
    const requests = entries.filter(({ fields }) => fields.eventType === 'run.requested');
    const others = entries.filter((entry) => !requests.includes(entry));
    if (others.length > 0) {
      // Not awaited: they are nothing to us, and a run that is asked for may lie behind thousands of them.
      this.stream
        .acknowledge(
          WORKER_GROUP,
          others.map(({ id }) => id),
        )
        .catch((error: unknown) => this.logger.warn(`Entries cannot be acknowledged: ${String(error)}`));
      await new Promise((next) => setImmediate(next));
    }
    await Promise.all(requests.map((entry) => this.take(entry)));
  }

  /** Resolves as soon as there is a free place, or the worker stops. */
  private async freePlace(): Promise<void> {
    while (this.places.size >= this.config.workerConcurrency && !this.stopping.signal.aborted) {
      await new Promise<void>((resolve) => (this.onFreePlace = resolve));
    }
  }

  private async take(entry: StreamEntry): Promise<void> {
    const { runId } = entry.fields;
    if (runId !== undefined) {
      const before = this.places.get(runId);
      if (before) {
        // An attempt that lost its lease is still being ended here: the next one begins after it. What fails now,
        // or comes too late for this life, stays pending and is taken over later.
        const takeNow = () => (this.stopping.signal.aborted ? undefined : this.take(entry));
        before.ended
          .then(takeNow)
          .catch((error: unknown) => this.logger.error(`Run ${runId} cannot be taken: ${String(error)}`));
        return;
      }
      await this.claim(runId);
    }
    await this.stream.acknowledge(WORKER_GROUP, [entry.id]);
  }

  /** Resolves once it is decided who has the run; carrying it out goes on beside. */
  private claim(runId: string): Promise<void> {
    return new Promise((decided, failed) => {
      const place: Place = { attempt: null, stopCause: null, ended: Promise.resolve() };
      this.places.set(runId, place);
      place.ended = this.carryOut(runId, place, decided)
        .catch((error: unknown) => {
          this.logger.error({ runId, msg: `Run ${runId} could not be carried out: ${String(error)}` });
          failed(error);
        })
        .finally(() => {
          this.attempts.delete(place.ended);
          this.leave(runId);
        });
      this.attempts.add(place.ended);
    });
  }

  private async carryOut(runId: string, place: Place, decided: () => void): Promise<void> {
    const assignment = await this.claims.claim(runId, this.workerId, 'steps');
    decided();
    if (!assignment) return; // another worker was quicker, or the run has ended
    place.attempt = new RunAttempt(this.workerId, assignment, this.tools);
    if (place.stopCause !== null) place.attempt.stop(place.stopCause);
    this.announce();
    await place.attempt.carryOut();
  }

  private stopRun(runId: string, cause: StopCause): void {
    const place = this.places.get(runId);
    if (!place) return;
    place.stopCause ??= cause;
    place.attempt?.stop(cause);
  }

  private leave(runId: string): void {
    this.places.delete(runId);
    this.announce();
    this.onFreePlace?.();
    this.onFreePlace = null;
  }

  private announce(): void {
    this.workers.update(this.workerId, this.config.workerConcurrency, this.places.size);
  }
}
