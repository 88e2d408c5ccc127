import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { AppliedEventRepository } from '../events/applied-event.repository';
import { ProjectCatalogue } from '../projects/project-catalogue';
import type { Run } from '../runs/run';
import type { LeasedRun } from './run-claims';
import { RunRepository } from '../runs/run.repository';
import type { GrantedRun } from './waiting-claim';

/** The runs that workers may claim over HTTP. */
@Injectable()
export class ClaimableRuns {
  /** The embedded worker executes all runs with steps, unless WORKER=off. */
  private readonly executors: Run['executor'][];

  constructor(
    private readonly runs: RunRepository,
    private readonly events: AppliedEventRepository,
    private readonly projects: ProjectCatalogue,
    @Inject(CONFIG) config: Config,
  ) {
    this.executors = config.worker === 'off' ? ['external', 'steps'] : ['external'];
  }

  /** Returns all unclaimed runs, oldest first. Each project has at most one, so callers can filter in memory. */
  list(): Promise<Pick<Run, 'runId' | 'projectId' | 'executor'>[]> {
    return this.runs.unclaimed(this.executors);
  }

  requests(runs: LeasedRun[]): Promise<Map<string, GrantedRun['request']>> {
    return this.events.requests(runs);
  }

  /** Returns whether this project can have new runs. */
  readonly hasProject = (projectId: string): boolean => this.projects.find(projectId) !== null;
}
