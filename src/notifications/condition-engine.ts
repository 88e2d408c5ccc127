import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { EventConsumer } from '../intake/event-consumer';
import { ConditionRepository } from './condition.repository';
import { type ConditionWatch, ConditionWatches } from './condition-watch';
import type { OpenCondition } from './delivery';
import type { ConditionEntity } from './notification.entities';
import { NotificationSender } from './notification-sender';
import { WatchedProjects } from './watched-projects';

const CHECK_EVERY_MS = 1_000;

/**
 * Compares the conditions that the watches find with the stored ones: a new one is announced, one that is over is
 * cleared. The stored rows make each happen once, also after a crash.
 */
@Injectable()
export class ConditionEngine implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Notifications');
  private readonly lastCheckMs = new Map<ConditionWatch, number>();
  private timer: NodeJS.Timeout | null = null;
  private checking: Promise<void> = Promise.resolve();
  private isFailing = false;
  private isDestroyed = false;

  constructor(
    private readonly watches: ConditionWatches,
    private readonly conditions: ConditionRepository,
    private readonly projects: WatchedProjects,
    private readonly sender: NotificationSender,
    private readonly consumer: EventConsumer,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    // The backlog of the stream may contain the end of a run.
    void this.consumer.caughtUp.then(() => this.checkLater());
  }

  async onModuleDestroy(): Promise<void> {
    this.isDestroyed = true;
    if (this.timer) clearTimeout(this.timer);
    await this.checking;
  }

  /** Checks the watches now. */
  async check(watches: readonly ConditionWatch[] = this.watches.all()): Promise<void> {
    const stored = await this.conditions.all();
    for (const watch of watches) {
      const before = stored.filter(({ kind }) => kind === watch.kind);
      await this.settle(await watch.open(before), before);
    }
  }

  private checkLater(): void {
    if (this.isDestroyed) return;
    this.timer = setTimeout(() => {
      this.checking = this.checkDue().then(() => this.checkLater());
    }, CHECK_EVERY_MS);
  }

  private async checkDue(): Promise<void> {
    const nowMs = this.clock.monotonicMs();
    const due = this.watches
      .all()
      .filter((watch) => nowMs - (this.lastCheckMs.get(watch) ?? -Infinity) >= watch.everyMs);
    for (const watch of due) this.lastCheckMs.set(watch, nowMs);
    if (due.length === 0) return;
    try {
      await this.check(due);
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) this.logger.error(`Checking for conditions failed: ${String(error)}`);
      this.isFailing = true;
    }
  }

  private async settle(found: OpenCondition[], stored: ConditionEntity[]): Promise<void> {
    const known = new Set(stored.map(({ subject }) => subject));
    const present = new Set(found.map(({ subject }) => subject));
    const begun = found
      .filter(({ subject }) => !known.has(subject))
      .map((condition) => ({ ...condition, told: this.projects.toldOf(condition) }))
      .filter(({ told }) => told.length > 0);
    const ended = stored.filter(
      ({ subject, projectId }) => !present.has(subject) && this.projects.areRulesKnown(projectId),
    );
    const now = this.clock.now();
    await Promise.all([
      ...begun.map((condition) => this.conditions.begin(condition)),
      ...ended.map((condition) => this.conditions.end({ condition, facts: { ...condition.facts, at: now } })),
    ]);
    if (begun.length + ended.length > 0) this.sender.kick();
  }
}
