import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { ProjectCatalogue } from '../projects/project-catalogue';
import type { Run } from '../runs/run';
import type { LeasedRun } from './lease-service';
import { RunQueries } from '../runs/run-queries';
import type { GrantedRun } from './waiting-claim';

/** The runs that workers may claim over HTTP. */
@Injectable()
export class ClaimableRuns {
  /** Runs with steps are the server's own unless it has WORKER=off. */
  private readonly executors: Run['executor'][];

  constructor(
    private readonly queries: RunQueries,
    private readonly projects: ProjectCatalogue,
    @Inject(CONFIG) config: Config,
  ) {
    this.executors = config.worker === 'off' ? ['external', 'steps'] : ['external'];
  }

  /** Returns all that are unclaimed now, oldest first: at most one a project, so that callers filter in memory. */
  list(): Promise<Pick<Run, 'runId' | 'projectId' | 'executor'>[]> {
    return this.queries.unclaimed(this.executors);
  }

  requests(runs: LeasedRun[]): Promise<Map<string, GrantedRun['request']>> {
    return this.queries.requests(runs);
  }

  /** Whether new runs of this project can turn up. */
  readonly hasProject = (projectId: string): boolean => this.projects.find(projectId) !== null;
}
