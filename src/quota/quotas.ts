import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Clock, elapsedMs, type Instant } from '../clock/clock';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { ConfigFile } from '../config-files/config-file';
import type { FileProblem } from '../config-files/file-problem';
import type { Transaction } from '../database/writer';
import type { QuotaBudget } from '../events/run-event';
import { JobatoError } from '../http/catalogue';
import type { ProjectDefinition } from '../projects/project';
import { QuotaCalendar, type QuotaDay } from './quota-day';
import { MIDNIGHT_UTC, parseQuotaFile, type QuotaRules } from './quota-file';
import { QuotaUsage } from './quota-usage';

/** How a project stands with its quota. */
export interface QuotaStatus extends QuotaBudget {
  dailyLimit: number;
  used: number;
  resetsAt: Instant;
}

type Project = Pick<ProjectDefinition, 'projectId' | 'quota'>;

/** What projects with `quota: true` may use, as quota.yaml says: each of them the whole limit. */
@Injectable()
export class Quotas implements OnModuleInit, OnApplicationShutdown {
  private readonly file: ConfigFile<QuotaRules>;
  private calendar: { of: QuotaRules | null; days: QuotaCalendar } = {
    of: null,
    days: new QuotaCalendar(MIDNIGHT_UTC),
  };

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly usage: QuotaUsage,
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

  /** Null where there is no file, or one that was never valid. */
  get rules(): QuotaRules | null {
    return this.file.content;
  }

  problems(): FileProblem[] {
    return this.file.problems;
  }

  /** The file as it is shown to people. */
  get path(): string {
    return this.file.path;
  }

  /** Whether there should be a limit, and no version of the file ever told which. */
  get isUnknown(): boolean {
    return this.file.content === null && !this.file.isAbsent;
  }

  /** Reads what has changed up to now. */
  reload(): Promise<void> {
    return this.file.reload();
  }

  /** What a project's file asks for and does not get, in words. */
  notes({ quota }: Project): string[] {
    if (!quota || this.file.content !== null) return [];
    return [
      this.isUnknown
        ? `${this.path} cannot be used, so the limit is unknown. Runs of this project are refused until the file is fixed.`
        : `There is no ${this.path}, so runs of this project have no limit. The calls that they report are counted.`,
    ];
  }

  /** Without a file a day is one of UTC, so that what is counted meanwhile is not lost. */
  dayAt(instant: Instant): QuotaDay {
    const rules = this.file.content;
    if (this.calendar.of !== rules)
      this.calendar = { of: rules, days: new QuotaCalendar(rules?.resetPolicy ?? MIDNIGHT_UTC) };
    return this.calendar.days.dayAt(instant);
  }

  /** Null where there is no quota to keep. */
  async statusOf({ projectId, quota }: Project): Promise<QuotaStatus | null> {
    if (!quota) return null;
    return (await this.statuses([projectId])).get(projectId) ?? null;
  }

  /** Of projects that keep a quota; none where there is no file. */
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

  /** The runs of a project that used its quota today, newest first. */
  runsToday(projectId: string): Promise<{ runId: string; used: number }[]> {
    return this.usage.runsOf(projectId, this.dayAt(this.clock.now()).day);
  }

  /**
   * What a run that starts now may use; null where there is no quota to keep.
   * @throws JobatoError QUOTA_REACHED where nothing is left, QUOTA_UNKNOWN where the file was never valid
   */
  async grant(project: Project): Promise<QuotaBudget | null> {
    if (!project.quota) return null;
    if (this.isUnknown) {
      throw new JobatoError(
        'QUOTA_UNKNOWN',
        `${this.path} cannot be used, so the number of calls left is unknown: ${this.file.problems[0]?.reason}.`,
      );
    }
    const status = await this.statusOf(project);
    if (status === null) return null;
    const { remaining, concurrencyLimit, resetsAt, used, dailyLimit } = status;
    if (remaining > 0) return { remaining, concurrencyLimit };
    const retryAfterSeconds = Math.max(1, Math.ceil(elapsedMs(this.clock.now(), resetsAt) / 1000));
    throw new JobatoError(
      'QUOTA_REACHED',
      `Project "${project.projectId}" has used ${used} of its ${dailyLimit} calls of this quota day.`,
      { retryAfterSeconds, resetsAt },
    );
  }
}
