import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../../clock/clock';
import { type HistoryPage, RunHistoryRepository } from '../../history/run-history.repository';
import type { Run } from '../../runs/run';
import { ScheduleRepository } from '../../schedules/schedule.repository';
import { historyFilter, type HistoryQuery, isFiltered } from './history-query';
import type { ProjectDetails } from './project-page';
import { ProjectPasts } from './project-pasts';
import {
  MAX_SKIPPED,
  NOTHING_SKIPPED,
  showsSkipped,
  skippedRange,
  type SkippedStarts,
} from './skipped-starts';

const HISTORY_ROWS = 20;
const KEPT_BYTES = 16 * 1024 * 1024;
/** Ended runs may be deleted. */
const KEPT_MS = 60_000;

/** Reads the runs that a history query selects. */
@Injectable()
export class HistoryReader {
  /** Results of filters: a search reads thousands of rows, and open pages repeat it every few seconds. */
  private readonly found = new LRUCache<string, HistoryPage>({
    maxSize: KEPT_BYTES,
    ttl: KEPT_MS,
    sizeCalculation: (page) => JSON.stringify(page).length,
  });

  constructor(
    private readonly history: RunHistoryRepository,
    private readonly pasts: ProjectPasts,
    private readonly schedules: ScheduleRepository,
    private readonly clock: Clock,
  ) {}

  /** @param newest the newest run of the project; no other run can change */
  async read(
    projectId: string,
    query: HistoryQuery,
    newest: Run | null,
  ): Promise<Pick<ProjectDetails, 'page' | 'counts' | 'skipped'>> {
    const [page, counts] = await Promise.all([
      this.page(projectId, query, newest),
      this.pasts.countsOf(this.filterOf(projectId, query), newest),
    ]);
    return { page, counts, skipped: await this.skipped(projectId, query, page) };
  }

  private async skipped(projectId: string, query: HistoryQuery, page: HistoryPage): Promise<SkippedStarts> {
    if (!showsSkipped(query)) return NOTHING_SKIPPED;
    const range = skippedRange(page, this.filterOf(projectId, query));
    const found = await this.schedules.notStarted(projectId, range, MAX_SKIPPED + 1);
    return { records: found.slice(0, MAX_SKIPPED), isCut: found.length > MAX_SKIPPED };
  }

  private async page(projectId: string, query: HistoryQuery, newest: Run | null): Promise<HistoryPage> {
    const filter = this.filterOf(projectId, query);
    const key = JSON.stringify([filter, query.place, newest?.runId, newest?.revision]);
    const kept = this.found.get(key);
    if (kept) return kept;
    const page = await this.history.page(filter, HISTORY_ROWS, query.place);
    if (isFiltered(query)) {
      // The inputs of a run can be large, and the page does not show them.
      this.found.set(key, { ...page, items: page.items.map((run) => ({ ...run, runInputs: null })) });
    }
    return page;
  }

  private filterOf(projectId: string, query: HistoryQuery) {
    return historyFilter(projectId, query, this.clock.nowMs());
  }
}
