import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Channels } from '../channels/channels';
import type { Transaction } from '../database/writer';
import { NO_NOTIFY_RULES, type NotifyRoute } from '../projects/notify-rules';
import { ProjectCatalogue } from '../projects/project-catalogue';
import type { Run, RunStatus } from '../runs/run';
import { RunHooks } from '../runs/run-hooks';
import { ConditionRepository } from './condition.repository';
import type { DeliveryFacts, NewDelivery } from './delivery';
import { DeliveryRepository } from './delivery.repository';
import type { ConditionEntity } from './notification.entities';
import { factsOfRun, isOverWith, noticeOfEnd, type SinceSuccess } from './run-notices';
import { RunOutcomeRepository } from './run-outcome.repository';

const NO_PAST: SinceSuccess = { hasFailed: false, hasPartial: false };

/**
 * Writes the deliveries about starts and ends of runs, in the transactions that start and end them. The receivers are
 * decided by the present project file, so that a corrected `notify` counts for runs that are active.
 */
@Injectable()
export class RunNotifications implements OnModuleInit {
  constructor(
    private readonly hooks: RunHooks,
    private readonly projects: ProjectCatalogue,
    private readonly channels: Channels,
    private readonly deliveries: DeliveryRepository,
    private readonly conditions: ConditionRepository,
    private readonly outcomes: RunOutcomeRepository,
  ) {}

  onModuleInit(): void {
    this.hooks.register({
      onStarted: (tx, runs) => this.onStarted(tx, runs),
      onEnded: (tx, runs) => this.onEnded(tx, runs),
    });
  }

  private async onStarted(tx: Transaction, runs: Run[]): Promise<void> {
    const started = runs.flatMap((run) => {
      const told = this.routesOf(run).filter(({ on }) => on.includes('started'));
      if (told.length === 0) return [];
      const facts = this.factsOf(run);
      return told.map(({ channel }) => deliveryOf(run, channel, 'started', facts));
    });
    await this.deliveries.insert(tx, started);
  }

  private async onEnded(tx: Transaction, runs: Run[]): Promise<void> {
    const open = await this.conditions.ofProjects(tx, [...new Set(runs.map(({ projectId }) => projectId))]);
    for (const run of runs) {
      const routes = this.routesOf(run);
      const over = open.filter((condition) => isOverWith(condition, run));
      if (routes.length === 0 && over.length === 0) continue;
      await this.tellEnd(tx, run, routes, over);
    }
  }

  private async tellEnd(
    tx: Transaction,
    run: Run,
    routes: NotifyRoute[],
    over: ConditionEntity[],
  ): Promise<void> {
    const isRecoveryPossible =
      run.status === 'completed' && routes.some(({ on }) => on.includes('recovered'));
    const past = isRecoveryPossible ? await this.outcomes.sinceSuccess(tx, run) : NO_PAST;
    const facts = this.factsOf(run);
    const notices = routes.flatMap(({ channel, on }) => {
      const kind = noticeOfEnd(on, run.status as Exclude<RunStatus, 'running'>, past);
      return kind === null ? [] : [deliveryOf(run, channel, kind, facts)];
    });
    await this.deliveries.insert(tx, notices);
    const told = new Set(notices.map(({ channelId }) => channelId));
    for (const condition of over)
      await this.conditions.close(tx, condition, { ...facts, condition: condition.facts.condition }, told);
  }

  private factsOf(run: Run): DeliveryFacts {
    return factsOfRun(run, this.projects.find(run.projectId)?.definition.name ?? run.projectId);
  }

  /** A project whose file is gone has the defaults. */
  private routesOf({ projectId }: Run): NotifyRoute[] {
    return this.channels.routesOf(this.projects.find(projectId)?.definition.notifications ?? NO_NOTIFY_RULES);
  }
}

function deliveryOf(
  run: Run,
  channelId: string,
  kind: NewDelivery['kind'],
  facts: DeliveryFacts,
): NewDelivery {
  return { channelId, kind, projectId: run.projectId, runId: run.runId, subject: null, facts };
}
