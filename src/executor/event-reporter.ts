import { randomUUID } from 'node:crypto';
import type { Logger } from '@nestjs/common';
import type { Clock } from '../clock/clock';
import type { RunEvent, RunEventMap, RunEventType } from '../events/run-event';
import type { RejectedEvent } from './control-plane';
import { boundedProgress, fitsInOneEvent, mergedProgress, progressEvents } from './progress-merge';

type Progress = RunEventMap['run.progress'];

const RETRY_MS = 1000;
/** Minimum interval between progress events: progress is for display only. The last update is always sent. */
const PROGRESS_EVERY_MS = 200;
/** With this many events waiting, further progress is merged instead of queued, so that memory stays bounded. */
const MANY_WAITING = 100;
/** The server's reason for rejecting events of an attempt whose lease was lost. */
const LEASE_LOST = 'LEASE_LOST';

/** Publishes the events of one attempt in order, and retries until the server accepts them. */
export class EventReporter {
  private waiting: RunEvent[] = [];
  private publishing: Promise<void> | null = null;
  /** Unsent progress by step. Reports of different steps are never merged. */
  private progress = new Map<string | undefined, Progress>();
  /** Quota usage after the lease was lost. */
  private lateCalls: Progress | null = null;
  private progressTimer: NodeJS.Timeout | null = null;
  private givenUp = false;
  /** Quota usage from events that may have been accepted. They keep their ids, so that the usage counts once. */
  private unsure: RunEvent[] = [];
  /** The first event that the server rejected. The run lacks its data. */
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

  /** Merges progress reports of a step. The latest value of each member is sent a few times a second. */
  reportProgress(progress: Progress): void {
    if (this.givenUp) return this.keepCalls(progress);
    const before = this.progress.get(progress.step) ?? {};
    this.dropOlderMetrics(progress);
    let merged = mergedProgress(before, progress);
    if (!fitsInOneEvent(merged)) {
      if (this.waiting.length < MANY_WAITING) {
        this.flushProgress();
        merged = progress;
      } else {
        merged = boundedProgress(merged);
      }
    }
    this.progress.set(progress.step, merged);
    this.flushProgressSoon();
  }

  /** Removes unsent values of these metrics from the progress of other steps: the latest value wins. */
  private dropOlderMetrics({ step, metrics }: Progress): void {
    if (metrics === undefined || this.progress.size === 0) return;
    for (const [other, { metrics: known }] of this.progress)
      if (other !== step && known) for (const name of Object.keys(metrics)) delete known[name];
  }

  /**
   * Discards queued events after the lease is lost. Only quota usage is still reported, because it counts for every
   * attempt.
   */
  giveUp(): void {
    if (this.givenUp) return;
    this.givenUp = true;
    const { waiting, progress } = this;
    this.waiting = [];
    this.progress = new Map();
    for (const event of waiting) if (event.eventType === 'run.progress') this.keepCalls(event.payload);
    for (const unsent of progress.values()) this.keepCalls(unsent);
  }

  /** Resolves when all reported events are accepted or discarded. */
  async published(): Promise<void> {
    if (!this.givenUp) this.flushProgress();
    while (this.publishing) await this.publishing;
    if (this.givenUp) await this.tellCalls();
  }

  isRejected({ eventId }: RunEvent): boolean {
    return this.rejectedIds.has(eventId);
  }

  private keepCalls({ attempt, quotaUsed = 0 }: Progress): void {
    if (quotaUsed > 0) this.lateCalls = { attempt, quotaUsed: (this.lateCalls?.quotaUsed ?? 0) + quotaUsed };
  }

  private async tellCalls(): Promise<void> {
    const { lateCalls, unsure } = this;
    this.lateCalls = null;
    this.unsure = [];
    const events = [...unsure, ...(lateCalls ? [this.event('run.progress', lateCalls)] : [])];
    if (events.length === 0) return;
    try {
      await this.tell(events);
    } catch (error) {
      this.logger.warn(`Reporting the quota usage of run ${this.runId} failed: ${String(error)}`);
    }
  }

  private flushProgress(): void {
    if (this.progressTimer) clearTimeout(this.progressTimer);
    this.progressTimer = null;
    if (this.progress.size === 0 || this.givenUp) return;
    const { progress } = this;
    this.progress = new Map();
    for (const unsent of progress.values())
      for (const event of progressEvents(unsent)) this.enqueue('run.progress', event);
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

  /** Uses the same ids for each try, so that a publication whose answer was lost has no second effect. */
  private async publishUntilTaken(batch: RunEvent[]): Promise<void> {
    for (let tries = 1; !this.givenUp; tries++) {
      try {
        for (const rejected of await this.tell(batch)) this.noteRejected(rejected);
        return;
      } catch (error) {
        if (tries === 1) {
          this.logger.error(`Publishing events of run ${this.runId} failed, retrying: ${String(error)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    this.unsure.push(...batch.flatMap(callsOnly));
  }

  /** Ignores events of a lost lease: the run does not lack them, and the heartbeat detects the lost lease too. */
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
