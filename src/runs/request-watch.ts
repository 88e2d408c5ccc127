import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Database } from '../database/database';
import { EventStream, WORKER_GROUP } from '../events/event-stream';
import { EventConsumer } from './event-consumer';
import { UNCLAIMED } from './run-rows';
import { RunStore } from './run-store';

const LOOK_EVERY_MS = 5_000;
const PAGE = 500;

interface Unclaimed {
  runId: string;
  executor: 'steps' | 'external';
  /** The stream entry of its request; null if that is not recorded. */
  entryId: string | null;
}

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
    private readonly database: Database,
    private readonly stream: EventStream,
    private readonly store: RunStore,
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
      const page = await this.unclaimed(after);
      const requested = await this.store.requestAgain(await this.lostOf(page));
      if (requested > 0) this.logger.log(`Published the requests of ${requested} unclaimed runs again.`);
      if (page.length < PAGE) return;
      after = page.at(-1)!.runId;
    }
  }

  private async lostOf(runs: Unclaimed[]): Promise<string[]> {
    // A durable stream loses no deliveries. The embedded worker may still crash between reading a request and claiming
    // its run. A duplicate request is safe there, because a run is claimed only once. External workers get no
    // duplicate: some do not detect a repeated request.
    if (!this.stream.isVolatile) {
      return runs.filter(({ executor }) => executor === 'steps').map(({ runId }) => runId);
    }
    const obtainable = async (executor: Unclaimed['executor'], group: string | null) =>
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

  private async unclaimed(after: string): Promise<Unclaimed[]> {
    const rows = await this.database.read.query<{
      run_id: string;
      executor: Unclaimed['executor'];
      entry_id: string | null;
    }>(
      'SELECT runs.run_id, runs.executor, published_requests.entry_id FROM runs' +
        ' LEFT JOIN published_requests ON published_requests.run_id = runs.run_id' +
        ` WHERE ${UNCLAIMED} AND runs.run_id > ? ORDER BY runs.run_id LIMIT ?`,
      [after, PAGE],
    );
    return rows.map(({ run_id: runId, executor, entry_id: entryId }) => ({ runId, executor, entryId }));
  }
}
