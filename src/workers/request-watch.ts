import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { EventStream, WORKER_GROUP } from '../events/event-stream';
import { EventConsumer } from '../intake/event-consumer';
import { RunRepository, type UnrequestedRun } from '../runs/run.repository';
import { RunsService } from '../runs/runs.service';

const LOOK_EVERY_MS = 5_000;
const PAGE = 500;

/**
 * Requests runs again whose request is lost. "Published" does not mean that a worker received it. A volatile stream may
 * lose the request, and a consumer may receive and drop it.
 */
@Injectable()
export class RequestWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(RequestWatch.name);
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<void> = Promise.resolve();
  private isDestroyed = false;

  constructor(
    private readonly stream: EventStream,
    private readonly runs: RunRepository,
    private readonly service: RunsService,
    private readonly consumer: EventConsumer,
  ) {}

  onApplicationBootstrap(): void {
    // Wait for the backlog, so that runs already claimed or ended are not requested again. Do not await it here: if the
    // storage fails, it resolves only after recovery.
    void this.consumer.caughtUp.then(() => this.lookAgain());
  }

  async onModuleDestroy(): Promise<void> {
    this.isDestroyed = true;
    if (this.timer) clearTimeout(this.timer);
    await this.looking.catch(() => undefined);
  }

  /** On a volatile stream, checks periodically. On a durable stream, checks until the first success. */
  private async lookAgain(): Promise<void> {
    if (this.isDestroyed) return;
    this.looking = this.stream.trouble === null ? this.look() : Promise.resolve();
    const hasFailed = await this.looking.then(
      () => false,
      (error: unknown) => {
        this.logger.warn(`Checking for lost requests failed: ${String(error)}`);
        return true;
      },
    );
    if (this.isDestroyed || !(this.stream.isVolatile || hasFailed)) return;
    this.timer = setTimeout(() => void this.lookAgain(), LOOK_EVERY_MS);
  }

  async look(): Promise<void> {
    let after = '';
    for (;;) {
      const page = await this.runs.unrequested(after, PAGE);
      const requested = await this.service.requestAgain(await this.lostOf(page));
      if (requested > 0) this.logger.log(`Published the requests of ${requested} unclaimed runs again.`);
      if (page.length < PAGE) return;
      after = page.at(-1)!.runId;
    }
  }

  private async lostOf(runs: UnrequestedRun[]): Promise<string[]> {
    // A durable stream loses no deliveries. The embedded worker may still crash between reading a request and claiming
    // its run. A duplicate request is safe there, because a run is claimed only once. External workers get no
    // duplicate: some do not detect a repeated request.
    if (!this.stream.isVolatile) {
      return runs.filter(({ executor }) => executor === 'steps').map(({ runId }) => runId);
    }
    const obtainable = async (executor: UnrequestedRun['executor'], group: string | null) =>
      this.stream.obtainable(
        runs.flatMap((run) => (run.executor === executor && run.entryId !== null ? [run.entryId] : [])),
        group,
      );
    const [forSteps, forExternals] = await Promise.all([
      obtainable('steps', WORKER_GROUP),
      obtainable('external', null), // external workers use their own groups, or none
    ]);
    return runs
      .filter(({ entryId }) => entryId === null || !(forSteps.has(entryId) || forExternals.has(entryId)))
      .map(({ runId }) => runId);
  }
}
