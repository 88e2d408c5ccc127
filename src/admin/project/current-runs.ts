import { Injectable } from '@nestjs/common';
import type { RerunReason } from '../../history/rerun-reason';
import { UpToDateCheck } from '../../history/up-to-date-check';
import type { KnownProject } from '../../projects/project-catalogue';
import type { Run } from '../../runs/run';
import { RunRepository } from '../../runs/run.repository';
import { RunsService } from '../../runs/runs.service';
import { RunEnds } from '../run/run-ends';
import type { Waiting } from '../../runs/waiting';

export interface CurrentRun {
  /** The active run, or else the latest. */
  run: Run | null;
  /** Why the run makes no progress. */
  waiting: Waiting | null;
  /** Why the latest result may be out of date. */
  outdated: RerunReason | null;
  /** The last error lines of the step that failed; empty if none failed. */
  errorLines: string[];
}

/** Reads the active or latest run of a project, and single runs. */
@Injectable()
export class CurrentRuns {
  constructor(
    private readonly runs: RunRepository,
    private readonly service: RunsService,
    private readonly upToDate: UpToDateCheck,
    private readonly ends: RunEnds,
  ) {}

  async of(project: KnownProject): Promise<CurrentRun> {
    const run = await this.latest(project.definition.projectId);
    const [waiting, outdated, errorLines] = await Promise.all([
      run && this.service.waitingOf(run),
      this.upToDate.reasonFor(project, run),
      run?.status === 'failed' ? this.ends.errorLines(run) : [],
    ]);
    return { run, waiting, outdated, errorLines };
  }

  /** Also works for a project that is no longer configured. */
  latest(projectId: string): Promise<Run | null> {
    return this.runs.current(projectId);
  }

  /** Returns null if the run belongs to another project. */
  async find(projectId: string, runId: string): Promise<Run | null> {
    const run = await this.runs.find(runId);
    return run?.projectId === projectId ? run : null;
  }

  async withWaiting(projectId: string, runId: string): Promise<{ run: Run; waiting: Waiting | null } | null> {
    const run = await this.find(projectId, runId);
    return run && { run, waiting: await this.service.waitingOf(run) };
  }
}
