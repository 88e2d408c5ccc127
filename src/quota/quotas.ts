import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Clock, elapsedMs, type Instant } from '../clock/clock';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { ConfigFile } from '../config-files/config-file';
import type { FileProblem } from '../config-files/file-problem';
import type { Transaction } from '../database/writer';
import type { QuotaBudget } from '../events/run-event';
import { JobatoError } from '../http/problem-catalogue';
import type { ProjectDefinition } from '../projects/project';
import { QuotaCalendar, type QuotaDay } from './quota-day';
import { MIDNIGHT_UTC, parseQuotaFile, type QuotaRules } from './quota-file';
import { QuotaUsageRepository, type RunUsage } from './quota-usage.repository';

/** Limit and usage of a project's quota. */
export interface QuotaStatus extends QuotaBudget {
  dailyLimit: number;
  used: number;
  resetsAt: Instant;
}

type Project = Pick<ProjectDefinition, 'projectId' | 'quota'>;

/** Quotas of projects with `quota: true`, from quota.yaml. The limit applies to each project separately. */
@Injectable()
export class Quotas implements OnModuleInit, OnApplicationShutdown {
  private readonly file: ConfigFile<QuotaRules>;
  private calendar: { of: QuotaRules | null; days: QuotaCalendar } = {
    of: null,
    days: new QuotaCalendar(MIDNIGHT_UTC),
  };

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly usage: QuotaUsageRepository,
    private readonly clock: Clock,
  ) {
    this.file = new ConfigFile(config, 'quota.yaml', parseQuotaFile);
  }

  onModuleInit(): Promise<void> {
    return this.file.open();
  }

  onApplicationShutdown(): Promise<void> {
    return this.file.close();
  }

  /** Null if there is no file, or it was never valid. */
  get rules(): QuotaRules | null {
    return this.file.content;
  }

  problems(): FileProblem[] {
    return this.file.problems;
  }

  /** Path of the file for display. */
  get path(): string {
    return this.file.path;
  }

  /** Whether a file exists but was never valid, so that the limit is unknown. */
  get isUnknown(): boolean {
    return this.file.content === null && !this.file.isAbsent;
  }

  /** Reloads the file if it has changed. */
  reload(): Promise<void> {
    return this.file.reload();
  }

  /** Explains why a project has no usable limit although it requests one. */
  notes({ quota }: Project): string[] {
    if (!quota || this.file.content !== null) return [];
    return [
      this.isUnknown
        ? `The quota is unknown because ${this.path} is invalid. Runs of this project are refused until the file is fixed.`
        : `Runs of this project have no limit because ${this.path} does not exist. The calls that they report are counted.`,
    ];
  }

  /** Returns the quota day of an instant. Calls are counted even without a file; its days are then in UTC. */
  dayAt(instant: Instant): QuotaDay {
    const rules = this.file.content;
    if (this.calendar.of !== rules)
      this.calendar = { of: rules, days: new QuotaCalendar(rules?.resetPolicy ?? MIDNIGHT_UTC) };
    return this.calendar.days.dayAt(instant);
  }

  /** Returns the quota of a project; null without a quota or a file. */
  async statusOf({ projectId, quota }: Project): Promise<QuotaStatus | null> {
    if (!quota) return null;
    return (await this.statuses([projectId])).get(projectId) ?? null;
  }

  /** Returns the quota of each of these projects, which must have `quota: true`; empty without a file. */
  async statuses(projectIds: string[], reader?: Transaction): Promise<Map<string, QuotaStatus>> {
    const rules = this.file.content;
    if (rules === null) return new Map();
    const { day, endsAt } = this.dayAt(this.clock.now());
    const usedBy = await this.usage.usedBy(projectIds, day, reader);
    return new Map(
      projectIds.map((projectId) => {
        const used = usedBy.get(projectId) ?? 0;
        const { dailyLimit, concurrencyLimit } = rules;
        const remaining = Math.max(0, dailyLimit - used);
        return [projectId, { dailyLimit, used, remaining, concurrencyLimit, resetsAt: endsAt }];
      }),
    );
  }

  /** Returns the runs of a project that used its quota today, newest first. */
  runsToday(projectId: string): Promise<RunUsage[]> {
    return this.usage.runsOf(projectId, this.dayAt(this.clock.now()).day);
  }

  /**
   * Returns the budget of a run that would start now; null, for no limit, without a quota or a file.
   * @throws JobatoError QUOTA_REACHED if nothing is left, QUOTA_UNKNOWN if the file was never valid
   */
  async budgetOfNewRun(project: Project): Promise<QuotaBudget | null> {
    if (!project.quota) return null;
    if (this.isUnknown) {
      throw new JobatoError(
        'QUOTA_UNKNOWN',
        `The quota is unknown because ${this.path} is invalid: ${this.file.problems[0]?.reason}.`,
      );
    }
    const status = await this.statusOf(project);
    if (status === null) return null;
    const { remaining, concurrencyLimit, resetsAt, used, dailyLimit } = status;
    if (remaining > 0) return { remaining, concurrencyLimit };
    const retryAfterSeconds = Math.max(1, Math.ceil(elapsedMs(this.clock.now(), resetsAt) / 1000));
    throw new JobatoError(
      'QUOTA_REACHED',
      `Project "${project.projectId}" has used ${used} of its ${dailyLimit} calls in the current quota day.`,
      { retryAfterSeconds, resetsAt },
    );
  }
}
