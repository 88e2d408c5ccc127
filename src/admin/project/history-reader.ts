import { Injectable } from '@nestjs/common';
import { Clock } from '../../clock/clock';
import { RunHistoryRepository } from '../../history/run-history.repository';
import type { Run } from '../../runs/run';
import { historyFilter, type HistoryQuery } from './history-query';
import type { ProjectDetails } from './project-page';
import { ProjectPasts } from './project-pasts';

const HISTORY_ROWS = 20;

/** Reads the runs that a history query selects. */
@Injectable()
export class HistoryReader {
  constructor(
    private readonly history: RunHistoryRepository,
    private readonly pasts: ProjectPasts,
    private readonly clock: Clock,
  ) {}

  /** @param newest the newest run of the project */
  async read(
    projectId: string,
    query: HistoryQuery,
    newest: Run | null,
  ): Promise<Pick<ProjectDetails, 'page' | 'counts'>> {
    const filter = historyFilter(projectId, query, this.clock.nowMs());
    const [page, counts] = await Promise.all([
      this.history.page(filter, HISTORY_ROWS, query.place),
      this.pasts.countsOf(filter, newest),
    ]);
    return { page, counts };
  }
}
