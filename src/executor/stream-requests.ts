import { Logger } from '@nestjs/common';
import { type EventStream, type StreamEntry, WORKER_GROUP } from '../events/event-stream';
import type { Attempt } from './attempt';
import type { Places } from './places';

const WAIT_MS = 5_000;
/** An entry whose claim failed, because nobody could be asked, is looked at again after this long. */
const RETRY_AFTER_MS = 5_000;

/** Claims what a request asks for; null where it is nothing for this worker, or another one was quicker. */
export type ClaimRequested = (fields: Record<string, string>) => Promise<Attempt | null>;

/** Takes runs from the stream, as many as there are free places, and hears of stops. */
export class StreamRequests {
  private readonly logger = new Logger(StreamRequests.name);
  private readonly stopping = new AbortController();
  private taking: Promise<void> = Promise.resolve();
  private following: { stop(): Promise<void> } | null = null;

  constructor(
    private readonly stream: EventStream,
    private readonly workerId: string,
    private readonly places: Places,
    private readonly claim: ClaimRequested,
  ) {}

  async start(): Promise<void> {
    this.following = await this.stream.follow(({ eventType, runId }) => {
      if (eventType === 'run.cancel.requested' && runId !== undefined)
        this.places.stop(runId, 'stop-requested');
    });
    this.taking = this.takeRuns();
  }

  /** Resolves when nothing more is taken. Stops are heard of until `unfollow`. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.taking;
  }

  async unfollow(): Promise<void> {
    await this.following?.stop();
  }

  private async takeRuns(): Promise<void> {
    const { signal } = this.stopping;
    let idleMs = 0; // what an earlier life of this worker was handed is nobody's now
    let lastTakeOverMs = 0;
    while (!signal.aborted) {
      try {
        await this.places.untilFree(signal);
        const count = this.places.free;
        if (Date.now() - lastTakeOverMs >= RETRY_AFTER_MS) {
          await this.takeAll(await this.stream.takeOver(WORKER_GROUP, this.workerId, { idleMs, count }));
          lastTakeOverMs = Date.now();
          idleMs = RETRY_AFTER_MS;
        } else {
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

  private async take(entry: StreamEntry): Promise<void> {
    const { runId } = entry.fields;
    if (runId !== undefined) {
      const before = this.places.endOf(runId);
      if (before) {
        // An attempt that lost its lease is still being ended here: the next one begins after it. What fails now,
        // or comes too late for this life, stays pending and is taken over later.
        const takeNow = () => (this.stopping.signal.aborted ? undefined : this.take(entry));
        before
          .then(takeNow)
          .catch((error: unknown) => this.logger.error(`Run ${runId} cannot be taken: ${String(error)}`));
        return;
      }
      await this.places.take(runId, () => this.claim(entry.fields));
    }
    await this.stream.acknowledge(WORKER_GROUP, [entry.id]);
  }
}
