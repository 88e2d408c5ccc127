import { randomUUID } from 'node:crypto';
import type { Logger } from '@nestjs/common';
import type { Clock } from '../clock/clock';
import type { RunEvent, RunEventMap, RunEventType } from '../events/run-event';

const RETRY_MS = 1000;
/** Progress is news for people: so often is enough, and the last word always gets through. */
const PROGRESS_EVERY_MS = 200;
/** While so many events cannot be told, progress is not made into more of them: memory stays bounded. */
const MANY_WAITING = 100;

/** Tells what becomes of one attempt: in order, and again until it is taken. */
export class EventReporter {
  private waiting: RunEvent[] = [];
  private publishing: Promise<void> | null = null;
  private progress: RunEventMap['run.progress'] | null = null;
  private progressTimer: NodeJS.Timeout | null = null;
  private givenUp = false;

  constructor(
    private readonly runId: string,
    private readonly tell: (events: RunEvent[]) => Promise<void>,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  report<Type extends RunEventType>(eventType: Type, payload: RunEventMap[Type]): RunEvent {
    this.flushProgress();
    return this.enqueue(eventType, payload);
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
    this.flushProgressSoon();
  }

  /** Nothing more is told, and what waits is thrown away: the run is somebody else's. */
  giveUp(): void {
    this.givenUp = true;
    this.waiting = [];
    this.progress = null;
  }

  /** Resolves when all that was reported is taken, or given up. */
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

  private flushProgressSoon(): void {
    this.progressTimer ??= setTimeout(() => {
      this.progressTimer = null;
      if (this.waiting.length < MANY_WAITING) this.flushProgress();
      else this.flushProgressSoon();
    }, PROGRESS_EVERY_MS);
  }

  private enqueue<Type extends RunEventType>(eventType: Type, payload: RunEventMap[Type]): RunEvent {
    const event = {
      eventId: randomUUID(),
      eventType,
      eventVersion: 1,
      occurredAt: this.clock.now(),
      runId: this.runId,
      payload,
    } as RunEvent;
    if (this.givenUp) return event;
    this.waiting.push(event);
    this.publishing ??= this.publish();
    return event;
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
    while (!this.givenUp) {
      try {
        return await this.tell(batch);
      } catch (error) {
        this.logger.error(`Events of run ${this.runId} cannot be told, trying again: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }
}
