import { randomUUID } from 'node:crypto';
import type { Logger } from '@nestjs/common';
import type { Clock } from '../clock/clock';
import type { EventStream } from '../events/event-stream';
import { type RunEvent, type RunEventMap, type RunEventType, toStreamFields } from '../events/run-event';

const RETRY_MS = 1000;
/** Progress is news for people: so often is enough, and the last word always gets through. */
const PROGRESS_EVERY_MS = 200;

/** Says on the stream what becomes of one attempt: in order, and again until the stream has taken it. */
export class EventReporter {
  private waiting: RunEvent[] = [];
  private publishing: Promise<void> | null = null;
  private progress: RunEventMap['run.progress'] | null = null;
  private progressTimer: NodeJS.Timeout | null = null;

  constructor(
    private readonly runId: string,
    private readonly stream: EventStream,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  report<Type extends RunEventType>(eventType: Type, payload: RunEventMap[Type]): void {
    this.flushProgress();
    this.enqueue(eventType, payload);
  }

  /** Gathers what a step says of its progress; the latest of each member goes out a few times a second. */
  reportProgress(progress: RunEventMap['run.progress']): void {
    const { metrics, artifacts, quotaUsed, ...rest } = progress;
    const before = this.progress ?? {};
    this.progress = {
      ...before,
      ...rest,
      ...((metrics ?? before.metrics) && { metrics: { ...before.metrics, ...metrics } }),
      ...((artifacts ?? before.artifacts) && {
        artifacts: [...(before.artifacts ?? []), ...(artifacts ?? [])],
      }),
      ...((quotaUsed ?? before.quotaUsed) !== undefined && {
        quotaUsed: (before.quotaUsed ?? 0) + (quotaUsed ?? 0),
      }),
    };
    this.progressTimer ??= setTimeout(() => this.flushProgress(), PROGRESS_EVERY_MS);
  }

  /** Resolves when all that was reported is on the stream. */
  async published(): Promise<void> {
    this.flushProgress();
    while (this.publishing) await this.publishing;
  }

  private flushProgress(): void {
    if (this.progressTimer) clearTimeout(this.progressTimer);
    this.progressTimer = null;
    if (!this.progress) return;
    const { progress } = this;
    this.progress = null;
    this.enqueue('run.progress', progress);
  }

  private enqueue<Type extends RunEventType>(eventType: Type, payload: RunEventMap[Type]): void {
    this.waiting.push({
      eventId: randomUUID(),
      eventType,
      eventVersion: 1,
      occurredAt: this.clock.now(),
      runId: this.runId,
      payload,
    } as RunEvent);
    this.publishing ??= this.publish();
  }

  private async publish(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      await this.publishUntilTaken(batch);
    }
    this.publishing = null;
  }

  /** The same ids each time: a publication whose answer was lost has no second effect. */
  private async publishUntilTaken(batch: RunEvent[]): Promise<void> {
    for (;;) {
      try {
        await this.stream.publish(batch.map(toStreamFields));
        return;
      } catch (error) {
        this.logger.error(`Events of run ${this.runId} cannot be published, trying again: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }
}
