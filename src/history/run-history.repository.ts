import { Injectable } from '@nestjs/common';
import type { Instant } from '../clock/clock';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import { type Run, RUN_STATUSES, type RunStatus, type StepState } from '../runs/run';
import { type RunFilter, RunRepository } from '../runs/run.repository';
import { RunEntity } from '../runs/run.entity';
import type { StartRange } from '../runs/start-range';

export interface HistoryFilter extends RunFilter {
  projectId: string;
  /** The number (`#14`), or part of the run's id, starter, reason, error, worker or params. Case-insensitive. */
  text?: string;
}

/** The run that a page starts beside, and the direction. Without it the page is the newest. */
export interface HistoryPlace {
  direction: 'older' | 'newer';
  runId: string;
}

export interface HistoryPage {
  /** Newest first. */
  items: Run[];
  /** Runs at which the neighbouring pages start; null if there is no such page. */
  newerThan: string | null;
  olderThan: string | null;
  /** The oldest run of the newer page; null on the newest page. */
  above: string | null;
  /** Start of the run at which the search stopped before the page was full; otherwise null. */
  searchedBackTo: Instant | null;
}

export interface StatusCount {
  count: number;
  /** The count reached its limit; there may be more runs. */
  isCapped: boolean;
}

/** The fields of a run that its history needs: its steps and its duration. */
export type PastRun = Pick<Run, 'runId' | 'scope' | 'status' | 'startedAt' | 'endedAt' | 'steps'>;

/** The fields of a run that typical durations are computed from. */
export type AlikeRun = Pick<Run, 'runId' | 'startedAt' | 'endedAt' | 'steps'>;

interface Bound {
  runId: string;
  isIncluded: boolean;
}

/** A range of run ids. `end` is the id where the search stops although more runs follow; null if it covers all. */
interface Stretch {
  low: Bound | null;
  high: Bound | null;
  /** Additional condition on the start time. */
  startedAt: StartRange['startedAt'];
  end: string | null;
}

/** Maximum index entries or table rows that one request reads. */
const LOOK_AT_ENTRIES = 100_000;
const LOOK_AT_ROWS = 5_000;
const COUNT_UP_TO = 10_000;
const COUNT_AMONG_ENTRIES = 50_000;
const COUNT_AMONG_ROWS = 2_000;
const ALIKE_AMONG = 2_000;

/** Queries of the past runs of a project. Each reads a limited number of runs, however many the project has. */
@Injectable()
export class RunHistoryRepository {
  private readonly runs: TableRows<RunEntity>;

  constructor(
    private readonly database: Database,
    private readonly runRepository: RunRepository,
  ) {
    this.runs = database.rows(RunEntity);
  }

  async page(filter: HistoryFilter, limit: number, place: HistoryPlace | null): Promise<HistoryPage> {
    const isNewer = place?.direction === 'newer';
    const stretch = await this.stretchOf(filter, place, readsRows(filter) ? LOOK_AT_ROWS : LOOK_AT_ENTRIES);
    const found = await this.idsIn(filter, stretch, isNewer ? 'ASC' : 'DESC', limit + 1);
    const hasMore = found.length > limit;
    // Fewer than a full page of newer runs exist, so return the newest page, filled up.
    if (isNewer && !hasMore && stretch.end === null) return this.page(filter, limit, null);
    const items = await this.byIds(found.slice(0, limit));
    const beyond = hasMore ? found[limit - 1]! : stretch.end;
    return {
      items,
      newerThan: isNewer ? beyond : place && (items[0]?.runId ?? place.runId),
      olderThan: isNewer ? (items.at(-1)?.runId ?? place.runId) : beyond,
      above: isNewer ? (found[limit] ?? stretch.end) : (place?.runId ?? null),
      searchedBackTo: hasMore || stretch.end === null ? null : await this.startOf(stretch.end),
    };
  }

  /** Returns the number of matching runs for each status. Ignores the status of the filter. */
  async counts(filter: HistoryFilter): Promise<Record<RunStatus, StatusCount>> {
    const counts = await Promise.all(
      RUN_STATUSES.map(async (status) => [status, await this.count({ ...filter, status })] as const),
    );
    return Object.fromEntries(counts) as Record<RunStatus, StatusCount>;
  }

  /** Returns the latest runs, newest first. */
  async past(projectId: string, limit: number): Promise<PastRun[]> {
    const rows = await this.database.read.query<Omit<PastRun, 'steps'> & { steps: string }>(
      'SELECT run_id AS "runId", scope, status, started_at AS "startedAt", ended_at AS "endedAt", steps' +
        ' FROM runs WHERE project_id = ? ORDER BY run_id DESC LIMIT ?',
      [projectId, limit],
    );
    return rows.map((row) => ({ ...row, steps: JSON.parse(row.steps) as StepState[] }));
  }

  /**
   * Returns earlier completed runs with the same scope, newest first. Searches only the last `ALIKE_AMONG` completed
   * runs.
   */
  async alike(
    { projectId, scope, runId }: Pick<Run, 'projectId' | 'scope' | 'runId'>,
    limit: number,
  ): Promise<AlikeRun[]> {
    const rows = await this.database.read.query<Omit<AlikeRun, 'steps'> & { steps: string }>(
      'SELECT run_id AS "runId", started_at AS "startedAt", ended_at AS "endedAt", steps FROM runs' +
        ' WHERE run_id IN (SELECT run_id FROM (SELECT run_id, scope FROM runs' +
        " WHERE project_id = ? AND status = 'completed' AND run_id < ? ORDER BY run_id DESC LIMIT ?) AS latest" +
        ' WHERE scope = ? ORDER BY run_id DESC LIMIT ?) ORDER BY run_id DESC',
      [projectId, runId, ALIKE_AMONG, scope, limit],
    );
    return rows.map((row) => ({ ...row, steps: JSON.parse(row.steps) as StepState[] }));
  }

  /** Returns the latest completed runs with their scopes, newest first. */
  async latestCompleted(projectId: string, limit: number): Promise<{ runId: string; scope: string }[]> {
    return this.database.read.query(
      'SELECT run_id AS "runId", scope FROM runs' +
        " WHERE project_id = ? AND status = 'completed' ORDER BY run_id DESC LIMIT ?",
      [projectId, limit],
    );
  }

  /** Returns the start and end times of these runs. */
  async times(runIds: string[]): Promise<Map<string, { startedAt: Instant; endedAt: Instant | null }>> {
    if (runIds.length === 0) return new Map();
    const rows = await this.database.read.query<{
      runId: string;
      startedAt: Instant;
      endedAt: Instant | null;
    }>(
      'SELECT run_id AS "runId", started_at AS "startedAt", ended_at AS "endedAt" FROM runs' +
        ` WHERE run_id IN ${inList(runIds)}`,
      runIds,
    );
    return new Map(rows.map(({ runId, ...times }) => [runId, times]));
  }

  private async startOf(runId: string): Promise<Instant | null> {
    return (await this.times([runId])).get(runId)?.startedAt ?? null;
  }

  private async count(filter: HistoryFilter & { status: RunStatus }): Promise<StatusCount> {
    const isPlain = filter.scope === undefined && filter.triggeredBy === undefined && !readsRows(filter);
    const most = readsRows(filter) ? COUNT_AMONG_ROWS : isPlain ? COUNT_UP_TO : COUNT_AMONG_ENTRIES;
    const stretch = await this.stretchOf(filter, null, most);
    const { condition, parameters } = matching(filter, stretch);
    const [row] = await this.database.read.query<{ count: number }>(
      `SELECT COUNT(*) AS count FROM runs WHERE ${condition}`,
      parameters,
    );
    return { count: Number(row?.count ?? 0), isCapped: stretch.end !== null };
  }

  /**
   * Returns the range of ids that one request searches, starting at `place`. An OFFSET over index entries finds its end
   * cheaply. The filter then applies only within the range.
   */
  private async stretchOf(
    { projectId, status, fromMs, toMs }: HistoryFilter,
    place: HistoryPlace | null,
    most: number,
  ): Promise<Stretch> {
    const isNewer = place?.direction === 'newer';
    const { low, high, startedAt } = await this.runRepository.startRange({ fromMs, toMs });
    const stretch: Stretch = {
      low: low === null ? null : { runId: low, isIncluded: true },
      high: high === null ? null : { runId: high, isIncluded: false },
      startedAt,
      end: null,
    };
    if (place) {
      const at = { runId: place.runId, isIncluded: false };
      if (isNewer && !(stretch.low && stretch.low.runId > at.runId)) stretch.low = at;
      if (!isNewer && !(stretch.high && stretch.high.runId < at.runId)) stretch.high = at;
    }
    const { condition, parameters } = matching({ projectId, status }, stretch);
    const [last] = await this.database.read.query<{ runId: string }>(
      `SELECT run_id AS "runId" FROM runs WHERE ${condition}` +
        ` ORDER BY run_id ${isNewer ? 'ASC' : 'DESC'} LIMIT 1 OFFSET ?`,
      [...parameters, most],
    );
    if (!last) return stretch;
    const end = { runId: last.runId, isIncluded: true };
    return { ...stretch, [isNewer ? 'high' : 'low']: end, end: last.runId };
  }

  /** Returns only ids, which an index covers. Whole rows are read only for displayed runs. */
  private async idsIn(
    filter: HistoryFilter,
    stretch: Stretch,
    order: 'ASC' | 'DESC',
    limit: number,
  ): Promise<string[]> {
    const { condition, parameters } = matching(filter, stretch);
    const rows = await this.database.read.query<{ runId: string }>(
      `SELECT run_id AS "runId" FROM runs WHERE ${condition} ORDER BY run_id ${order} LIMIT ?`,
      [...parameters, limit],
    );
    return rows.map(({ runId }) => runId);
  }

  private async byIds(runIds: string[]): Promise<Run[]> {
    if (runIds.length === 0) return [];
    return this.runs.select(
      this.database.read,
      `WHERE run_id IN ${inList(runIds)} ORDER BY run_id DESC`,
      runIds,
    );
  }
}

/** Whether the index of the project does not suffice for the filter. */
function readsRows({ text, triggeredByName }: HistoryFilter): boolean {
  return text !== undefined || triggeredByName !== undefined;
}

function matching(
  { projectId, status, scope, triggeredBy, triggeredByName, text }: HistoryFilter,
  { low, high, startedAt }: Omit<Stretch, 'end'>,
): { condition: string; parameters: unknown[] } {
  const conditions: [sql: string, value: unknown][] = [['project_id = ?', projectId]];
  if (status !== undefined) conditions.push(['status = ?', status]);
  if (scope !== undefined) conditions.push(['scope = ?', scope]);
  if (triggeredBy !== undefined) conditions.push(['triggered_by = ?', triggeredBy]);
  if (low) conditions.push([`run_id ${low.isIncluded ? '>=' : '>'} ?`, low.runId]);
  if (high) conditions.push([`run_id ${high.isIncluded ? '<=' : '<'} ?`, high.runId]);
  if (startedAt) conditions.push(['started_at >= ?', startedAt.from], ['started_at <= ?', startedAt.to]);
  // An expression keeps the planner on the index of the project, within the range: a user can have runs everywhere.
  if (triggeredByName !== undefined)
    conditions.push(["COALESCE(triggered_by_name, '') = ?", triggeredByName]);
  const condition = conditions.map(([sql]) => sql).join(' AND ');
  const parameters = conditions.map(([, value]) => value);
  if (text === undefined) return { condition, parameters };
  const words = patternOf(text);
  const inJson = patternOf(JSON.stringify(text).slice(1, -1));
  return {
    // Two steps, so that the text search reads rows only of runs that match by index.
    condition:
      `run_id IN (SELECT run_id FROM runs WHERE ${condition}) AND (run_id LIKE LOWER(?) ESCAPE '!'` +
      " OR LOWER(status_reason) LIKE LOWER(?) ESCAPE '!' OR LOWER(error) LIKE LOWER(?) ESCAPE '!'" +
      " OR LOWER(params) LIKE LOWER(?) ESCAPE '!' OR LOWER(worker_id) LIKE LOWER(?) ESCAPE '!'" +
      " OR LOWER(triggered_by_name) LIKE LOWER(?) ESCAPE '!' OR '#' || number = ?)",
    parameters: [...parameters, words, words, inJson, inJson, words, words, text],
  };
}

function patternOf(text: string): string {
  return `%${text.replace(/[!%_]/g, '!$&')}%`;
}
