import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { defaultDaysOf, type KeepLimits, limitsOf, NO_LIMITS } from './keep-limits';
import { boundariesOf, type Boundaries } from './retention-rule';
import { RetentionStateRepository } from './retention-state.repository';
import { RetentionRepository } from './retention.repository';

export interface ProjectPlan {
  projectId: string;
  limits: KeepLimits;
  before: Boundaries;
}

/** Applies the limits of all projects to a point in time. */
@Injectable()
export class RetentionPlanner {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly runs: RetentionRepository,
    private readonly state: RetentionStateRepository,
    @Inject(CONFIG) private readonly config: Pick<Config, 'retentionDays'>,
  ) {}

  /** Returns the default of `keep.days`; null = no limit. */
  async defaultDays(): Promise<number | null> {
    const { prunesByDefault } = await this.state.get();
    return defaultDaysOf(this.config.retentionDays, prunesByDefault === 1);
  }

  /** Returns the plans of all projects that have runs, also of those whose file is gone. */
  async plans(nowMs: number): Promise<ProjectPlan[]> {
    await this.projects.reload(); // a limit that was just changed holds
    const defaultDays = await this.defaultDays();
    const plans: ProjectPlan[] = [];
    for (const projectId of await this.runs.projectIds())
      plans.push(await this.planOf(projectId, defaultDays, nowMs));
    return plans;
  }

  private async planOf(projectId: string, defaultDays: number | null, nowMs: number): Promise<ProjectPlan> {
    const project = this.projects.find(projectId);
    const limits =
      !project && this.mayMissFiles() ? NO_LIMITS : limitsOf(project?.definition.keep ?? null, defaultDays);
    const nthNewest = limits.runs === null ? null : await this.runs.nthNewest(projectId, limits.runs);
    return { projectId, limits, before: boundariesOf(limits, nthNewest, nowMs) };
  }

  /**
   * Whether the file of an unknown project may exist, and may say that its runs are kept: a file that cannot be read, or
   * a configuration folder that is not mounted, which looks empty.
   */
  private mayMissFiles(): boolean {
    const { projects } = this;
    return projects.trouble !== null || projects.problems().length > 0 || projects.list().length === 0;
  }
}
