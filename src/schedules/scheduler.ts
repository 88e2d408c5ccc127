import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Clock, toInstant } from '../clock/clock';
import { EventConsumer } from '../intake/event-consumer';
import { DueRuns } from './due-runs';
import { Pauses } from './pauses';
import { ScheduleBook } from './schedule-book';
import { ScheduleRepository } from './schedule.repository';
import type { TrackedSchedule } from './tracked-schedule';

/** Longest time between two looks, to notice changed files and a clock that was set. */
const LOOK_EVERY_MS = 1_000;
/** Maximum wait at start for the events of earlier runs, which may end the run that a schedule would find active. */
const WAIT_FOR_EVENTS_MS = 5_000;
/** Smaller steps back are corrections of the clock. */
const SET_BACK_MS = 1_000;

/**
 * Waits for the due times of all schedules. The next due time follows from the last one and never from the end of a
 * run, so that schedules do not drift.
 */
@Injectable()
export class Scheduler implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Schedules');
  private readonly waiting = new AbortController();
  private timer: NodeJS.Timeout | null = null;
  private armedForMs = Infinity;
  private looking: Promise<void> = Promise.resolve();
  private isLoaded = false;
  private isDestroyed = false;
  private aliveSinceMs = Infinity;
  private beganAtMs = Infinity;
  /** Why due times have no record; null while there is no problem. */
  private trouble: string | null = null;

  constructor(
    private readonly book: ScheduleBook,
    private readonly dueRuns: DueRuns,
    private readonly pauses: Pauses,
    private readonly repository: ScheduleRepository,
    private readonly consumer: EventConsumer,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.aliveSinceMs = this.clock.nowMs();
    this.beganAtMs = this.clock.monotonicMs();
    const events = Promise.race([this.consumer.caughtUp, this.wait(WAIT_FOR_EVENTS_MS)]);
    this.looking = events.then(() => this.lookAndArm());
  }

  async onModuleDestroy(): Promise<void> {
    this.isDestroyed = true;
    this.waiting.abort();
    if (this.timer) clearTimeout(this.timer);
    await this.looking;
    await this.settled();
  }

  /**
   * Returns how long the oldest due time has waited for its record, in milliseconds; 0 if none waits. Until the schedules
   * are loaded, all of them wait.
   */
  longestWaitMs(): number {
    if (!this.isLoaded) return this.clock.monotonicMs() - this.beganAtMs;
    const nowMs = this.clock.nowMs();
    return Math.max(0, ...this.book.all().map(({ nextMs }) => nowMs - nextMs));
  }

  /** Starts the runs that are due, and follows changed project files. */
  async look(): Promise<void> {
    if (!this.isLoaded) await this.book.load();
    this.isLoaded = true;
    const nowMs = this.clock.nowMs();
    await this.followClock(nowMs);
    for (const schedule of this.book.all()) {
      if (schedule.nextMs <= nowMs && !schedule.settling) this.settle(schedule, nowMs);
    }
    await this.book.follow(nowMs);
  }

  /** Resolves when the due times of earlier looks are settled. */
  async settled(): Promise<void> {
    await Promise.all(this.book.all().flatMap(({ settling }) => settling ?? []));
  }

  private async lookAndArm(): Promise<void> {
    await this.attempt(() => this.look());
    this.armedForMs = Infinity;
    const nowMs = this.clock.nowMs();
    const next = Math.min(...this.book.all().map(({ nextMs }) => (nextMs > nowMs ? nextMs : Infinity)));
    this.arm(Math.min(next, nowMs + LOOK_EVERY_MS));
  }

  /** Looks again at a time, unless it will look earlier. */
  private arm(atMs: number): void {
    if (this.isDestroyed || atMs >= this.armedForMs) return;
    if (this.timer) clearTimeout(this.timer);
    this.armedForMs = atMs;
    const delayMs = Math.min(Math.max(0, atMs - this.clock.nowMs()), LOOK_EVERY_MS);
    this.timer = setTimeout(() => {
      this.looking = this.lookAndArm();
    }, delayMs);
  }

  private settle(schedule: TrackedSchedule, nowMs: number): void {
    const settling = this.attempt(() => this.dueRuns.settle(schedule, nowMs, this.aliveSinceMs));
    schedule.settling = settling.then((isSettled) => {
      schedule.settling = null;
      if (isSettled && schedule.attemptedMs === null) this.arm(schedule.nextMs);
    });
  }

  /**
   * After the clock was set back, schedules continue at the present time. Otherwise, a clock that was wrong by years for
   * a moment would stop them for years.
   */
  private async followClock(nowMs: number): Promise<void> {
    this.aliveSinceMs = Math.min(this.aliveSinceMs, nowMs);
    await this.pauses.followClock(toInstant(nowMs));
    const ahead = this.book
      .all()
      .filter(({ afterMs, settling }) => !settling && afterMs > nowMs + SET_BACK_MS);
    if (ahead.length === 0) return;
    await Promise.all(ahead.map(({ key, cron }) => this.repository.forgetFuture({ key, cron, nowMs })));
    for (const schedule of ahead) schedule.moveTo(nowMs);
    this.logger.warn(`The clock was set back. ${ahead.length} schedules continue at the present time.`);
  }

  private async attempt(action: () => Promise<void>): Promise<boolean> {
    try {
      await action();
      if (this.longestWaitMs() === 0) this.trouble = null;
      return true;
    } catch (error) {
      const trouble = String(error);
      if (trouble !== this.trouble) this.logger.error(`Due times have no record yet: ${trouble}`);
      this.trouble = trouble;
      return false;
    }
  }

  private async wait(ms: number): Promise<void> {
    await setTimeoutPromise(ms, undefined, { signal: this.waiting.signal, ref: false }).catch(
      () => undefined,
    );
  }
}
