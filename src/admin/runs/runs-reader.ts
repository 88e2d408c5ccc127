import { Injectable } from '@nestjs/common';
import { Clock } from '../../clock/clock';
import { RunHistoryRepository } from '../../history/run-history.repository';
import { ErrorLines } from '../../logs/error-lines';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import type { Run } from '../../runs/run';
import { Remembered } from '../page/remembered';
import type { RunsFacts } from './runs-page';
import { runsFilter, type RunsQuery } from './runs-query';

const RUNS_PER_PAGE = 50;
const FAILED_RUNS = 1000;
/** A page has many failed runs, so only the end of each log is read. */
const LOG_CHUNKS = 2;

/** Reads the runs that a query selects. */
@Injectable()
export class RunsReader {
  private readonly lines = new Remembered<string | undefined>(FAILED_RUNS);

  constructor(
    private readonly history: RunHistoryRepository,
    private readonly errorLines: ErrorLines,
    private readonly projects: ProjectCatalogue,
    private readonly clock: Clock,
  ) {}

  async read(query: RunsQuery): Promise<RunsFacts> {
    const page = await this.history.page(runsFilter(query, this.clock.nowMs()), RUNS_PER_PAGE, query.place);
    const projects = this.projects
      .list()
      .map(({ definition }) => [definition.projectId, definition.name] as const);
    return { query, page, projects: new Map(projects), errorLines: await this.lastLinesOf(page.items) };
  }

  private async lastLinesOf(runs: Run[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const run of runs) {
      const failed = run.status === 'failed' && run.steps.find(({ status }) => status === 'failed');
      if (!failed) continue;
      const line = await this.lines.get(run.runId, `${run.revision} ${run.logsRemovedAt}`, async () => {
        return (await this.errorLines.lastOf(run.runId, failed.name, 1, LOG_CHUNKS)).at(-1);
      });
      if (line !== undefined) found.set(run.runId, line.trim());
    }
    return found;
  }
}
