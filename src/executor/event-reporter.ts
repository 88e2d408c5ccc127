import { randomUUID } from 'node:crypto';
import type { Logger } from '@nestjs/common';
import type { Clock } from '../clock/clock';
import type { RunEvent, RunEventMap, RunEventType } from '../events/run-event';
import type { RejectedEvent } from './control-plane';
import { boundedProgress, fitsInOneEvent, mergedProgress, progressEvents } from './progress-merge';

const RETRY_MS = 1000;
/** Progress is news for people: so often is enough, and the last word always gets through. */
const PROGRESS_EVERY_MS = 200;
/** While so many events cannot be told, progress is not made into more of them: memory stays bounded. */
const MANY_WAITING = 100;
/** The server's word for an event of an attempt that another worker has by now. */
const LEASE_LOST = 'LEASE_LOST';

/** Tells what becomes of one attempt: in order, and again until it is taken. */
export class EventReporter {
  private waiting: RunEvent[] = [];
  private publishing: Promise<void> | null = null;
  private progress: RunEventMap['run.progress'] | null = null;
  private progressTimer: NodeJS.Timeout | null = null;
  private givenUp = false;
  /** Of what may have been taken, the calls: under their ids, so that they count once. */
  private unsure: RunEvent[] = [];
  /** The first event that the server rejected: the run lacks what it said. */
  firstRejected: RejectedEvent | null = null;
  private readonly rejectedIds = new Set<string>();

  constructor(
    private readonly runId: string,
    private readonly tell: (events: RunEvent[]) => Promise<RejectedEvent[]>,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  report<Type extends RunEventType>(eventType: Type, payload: RunEventMap[Type]): RunEvent {
    this.flushProgress();
    return this.enqueue(eventType, payload);
  }

  /** Gathers what a step says of its progress; the latest of each member goes out a few times a second. */
  reportProgress(progress: RunEventMap['run.progress']): void {
    if (this.givenUp) return this.keepCalls(progress);
    const before = this.progress ?? {};
    let merged = mergedProgress(before, progress);
    if (!fitsInOneEvent(merged)) {
      if (this.waiting.length < MANY_WAITING) {
        this.flushProgress();
        merged = progress;
      } else {
        merged = boundedProgress(merged);
      }
    }
    this.progress = merged;
    this.flushProgressSoon();
  }

  /** What waits is thrown away: the run is somebody else's. Only the calls that it issued count, whoever has it. */
  giveUp(): void {
    if (this.givenUp) return;
    this.givenUp = true;
    const { waiting, progress } = this;
    this.waiting = [];
    this.progress = null;
    for (const event of waiting) if (event.eventType === 'run.progress') this.keepCalls(event.payload);
    if (progress) this.keepCalls(progress);
  }

  /** Resolves when all that was reported is taken, or given up. */
  async published(): Promise<void> {
    if (!this.givenUp) this.flushProgress();
    while (this.publishing) await this.publishing;
    if (this.givenUp) await this.tellCalls();
  }

  isRejected({ eventId }: RunEvent): boolean {
    return this.rejectedIds.has(eventId);
  }

  private keepCalls({ attempt, quotaUsed = 0 }: RunEventMap['run.progress']): void {
    if (quotaUsed > 0) this.progress = { attempt, quotaUsed: (this.progress?.quotaUsed ?? 0) + quotaUsed };
  }

  private async tellCalls(): Promise<void> {
    const { progress, unsure } = this;
    this.progress = null;
    this.unsure = [];
    const events = [...unsure, ...(progress ? [this.event('run.progress', progress)] : [])];
    if (events.length === 0) return;
    try {
      await this.tell(events);
    } catch (error) {
      this.logger.warn(`Calls that run ${this.runId} has issued cannot be told: ${String(error)}`);
    }
  }

  private flushProgress(): void {
    if (this.progressTimer) clearTimeout(this.progressTimer);
    this.progressTimer = null;
    if (!this.progress || this.givenUp) return;
    const { progress } = this;
    this.progress = null;
    for (const event of progressEvents(progress)) this.enqueue('run.progress', event);
  }

  private flushProgressSoon(): void {
    this.progressTimer ??= setTimeout(() => {
      this.progressTimer = null;
      if (this.waiting.length < MANY_WAITING) this.flushProgress();
      else this.flushProgressSoon();
    }, PROGRESS_EVERY_MS);
  }

  private enqueue<Type extends RunEventType>(eventType: Type, payload: RunEventMap[Type]): RunEvent {
    const event = this.event(eventType, payload);
    if (this.givenUp) return event;
    this.waiting.push(event);
    this.publishing ??= this.publish();
    return event;
  }

  private event<Type extends RunEventType>(eventType: Type, payload: RunEventMap[Type]): RunEvent {
    return {
      eventId: randomUUID(),
      eventType,
      eventVersion: 1,
      occurredAt: this.clock.now(),
      runId: this.runId,
      payload,
    } as RunEvent;
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
    for (let tries = 1; !this.givenUp; tries++) {
      try {
        for (const rejected of await this.tell(batch)) this.noteRejected(rejected);
        return;
      } catch (error) {
        if (tries === 1) {
          this.logger.error(
            `Events of run ${this.runId} cannot be published, trying again: ${String(error)}`,
          );
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    this.unsure.push(...batch.flatMap(callsOnly));
  }

  /** An event of a lost attempt is no loss of the run: the heartbeat finds that out too. */
  private noteRejected(rejected: RejectedEvent): void {
    if (rejected.reason === LEASE_LOST) return;
    this.firstRejected ??= rejected;
    this.rejectedIds.add(rejected.event.eventId);
    this.logger.error(
      `The server rejected ${rejected.event.eventType} of run ${this.runId}: ${rejected.reason}`,
    );
  }
}

function callsOnly(event: RunEvent): RunEvent[] {
  if (event.eventType !== 'run.progress') return [];
  const { attempt, quotaUsed = 0 } = event.payload;
  return quotaUsed > 0 ? [{ ...event, payload: { attempt, quotaUsed } }] : [];
}
