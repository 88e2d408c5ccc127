import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import type { Instant } from '../clock/clock';
import { Database } from '../database/database';
import { inList, type RowReader, type TableRows } from '../database/table-rows';
import { weighedPage } from '../database/weighed-page';
import { type Run, RUN_STATUSES, type RunStatus, type StepState } from '../runs/run';
import { RunRepository } from '../runs/run.repository';
import { RunEntity } from '../runs/run.entity';
import type { StartRange } from '../runs/start-range';
import {
  baseOf,
  candidatesOf,
  type Condition,
  joined,
  matching,
  reachOf,
  type Reach,
} from './history-conditions.repository';
import { type HistoryFilter, isByText } from './history-filter';
import { isFound, onlyNumberIn, type SearchedRun } from './run-search';

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

/** A range of run ids. */
interface Range {
  low: Bound | null;
  high: Bound | null;
  /** Additional condition on the start time. */
  startedAt: StartRange['startedAt'];
}

type Order = 'ASC' | 'DESC';

/** Some of the runs in a range, read at once. */
interface Portion {
  range: Range;
  /** The last of its runs in the order of the search; null if the portion reaches the end of the range. */
  end: string | null;
  runs: number;
  bytes: number;
}

/** Matching ids, in the order of the search. */
interface Found {
  runIds: string[];
  /** The run at which the search stopped although more runs follow; null if it covers the range or its limit. */
  end: string | null;
}

/**
 * How many runs one query and one request look at. The event loop gets a turn between two queries, because a query
 * blocks it.
 */
const LOOK_AT: Record<Reach, { atOnce: number; atMost: number }> = {
  page: { atOnce: Infinity, atMost: Infinity },
  entries: { atOnce: 100_000, atMost: 100_000 },
  rows: { atOnce: 2_000, atMost: 20_000 },
  texts: { atOnce: 500, atMost: 5_000 },
};
/** The same in bytes, for searches in texts: a run can have 1 MiB. */
const TEXT_BYTES = { atOnce: 512 * 1024, atMost: 16 * 1024 * 1024 };
const COUNT_AMONG: Record<Reach, number> = { page: 10_000, entries: 50_000, rows: 2_000, texts: 2_000 };
const ALIKE_AMONG = 2_000;
/** No index finds a part of an id. */
const NEWEST_WITH_ID_PART = 10_000;

/** The columns of a run that can be large. */
const RUN_BYTES = [
  'params',
  'run_inputs',
  'progress',
  'steps',
  'metrics',
  'outputs',
  'earlier_outputs',
  'error',
  'artifacts',
  'zero_results',
]
  .map((column) => `COALESCE(OCTET_LENGTH(${column}), 0)`)
  .join(' + ');

const SEARCHED: (keyof SearchedRun)[] = [
  'runId',
  'number',
  'statusReason',
  'error',
  'params',
  'secretParams',
  'workerId',
  'triggeredByName',
  'artifacts',
];

/** Queries of past runs, of one project or of all. Each reads a limited number of runs, however many there are. */
@Injectable()
export class RunHistoryRepository {
  private readonly runs: TableRows<RunEntity>;
  private readonly searched: RowReader<SearchedRun>;

  constructor(
    private readonly database: Database,
    private readonly runRepository: RunRepository,
  ) {
    this.runs = database.rows(RunEntity);
    this.searched = this.runs.only(SEARCHED);
  }

  /** A page is bounded in rows and in bytes. A search can stop before its page is full: see `searchedBackTo`. */
  async page(asked: HistoryFilter, limit: number, place: HistoryPlace | null): Promise<HistoryPage> {
    const filter = await this.exactly(asked);
    const isNewer = place?.direction === 'newer';
    const order: Order = isNewer ? 'ASC' : 'DESC';
    const range = await this.rangeOf(filter, place);
    const { runIds, end } = await this.find(filter, range, order, limit + 1);
    // Fewer than a full page of newer runs exist, so return the newest page, filled up.
    if (isNewer && runIds.length <= limit && end === null) return this.page(asked, limit, null);
    const { keys, hasMore } = await weighedPage<string>(
      this.database.read,
      `SELECT run_id AS key, ${RUN_BYTES} AS size FROM runs WHERE run_id IN ${inList(runIds)} ORDER BY run_id ${order}`,
      runIds,
      limit,
    );
    const items = await this.byIds(keys);
    const beyond = hasMore ? keys.at(-1)! : end;
    return {
      items,
      newerThan: isNewer ? beyond : place && (items[0]?.runId ?? place.runId),
      olderThan: isNewer ? (items.at(-1)?.runId ?? place.runId) : beyond,
      above: isNewer ? (runIds[keys.length] ?? end) : (place?.runId ?? null),
      searchedBackTo: hasMore || end === null ? null : await this.startOf(end),
    };
  }

  /** Returns the number of matching runs for each status. Ignores the status of the filter. */
  async counts(asked: HistoryFilter): Promise<Record<RunStatus, StatusCount>> {
    const filter = await this.exactly(asked);
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
    const range = await this.rangeOf(filter, null);
    const reach = reachOf(filter);
    const atMost = COUNT_AMONG[reach];
    if (reach === 'texts') {
      const { runIds, end } = await this.scan(filter, range, 'DESC', Infinity, atMost);
      return { count: runIds.length, isCapped: end !== null };
    }
    const portion = await this.portionOf(filter, range, 'DESC', atMost);
    const { sql, parameters } = joined([...matching(filter), ...within(portion.range)]);
    const [row] = await this.database.read.query<{ count: number }>(
      `SELECT COUNT(*) AS count FROM runs ${sql}`,
      parameters,
    );
    return { count: Number(row?.count ?? 0), isCapped: portion.end !== null };
  }

  /** Replaces a search for a number or an id by a filter that an index has, so that it finds runs of any age. */
  private async exactly({ text, ...filter }: HistoryFilter): Promise<HistoryFilter> {
    if (text === undefined) return filter;
    const number = onlyNumberIn(text);
    if (number !== null) return { ...filter, number };
    const run = isUuid(text) ? await this.times([text.toLowerCase()]) : null;
    // Params can contain ids of other things.
    return run?.size ? { ...filter, runId: text.toLowerCase() } : { ...filter, text };
  }

  /** Returns the range of ids that may match the filter, on one side of `place`. */
  private async rangeOf({ fromMs, toMs, idPart }: HistoryFilter, place: HistoryPlace | null): Promise<Range> {
    const { low, high, startedAt } = await this.runRepository.startRange({ fromMs, toMs });
    const range: Range = {
      low: low === null ? null : { runId: low, isIncluded: true },
      high: high === null ? null : { runId: high, isIncluded: false },
      startedAt,
    };
    const narrow = (side: 'low' | 'high', bound: Bound) => {
      const current = range[side]?.runId;
      const isNarrower = side === 'low' ? bound.runId > (current ?? '') : bound.runId < (current ?? 'g');
      if (isNarrower) range[side] = bound;
    };
    if (place) {
      narrow(place.direction === 'newer' ? 'low' : 'high', { runId: place.runId, isIncluded: false });
    }
    if (idPart !== undefined) {
      const oldest = await this.oldestOfNewest(NEWEST_WITH_ID_PART);
      if (oldest !== null) narrow('low', { runId: oldest, isIncluded: true });
    }
    return range;
  }

  /** Returns the oldest of this many newest runs; null if there are fewer. */
  private async oldestOfNewest(count: number): Promise<string | null> {
    const [row] = await this.database.read.query<{ runId: string }>(
      'SELECT run_id AS "runId" FROM runs ORDER BY run_id DESC LIMIT 1 OFFSET ?',
      [count - 1],
    );
    return row?.runId ?? null;
  }

  private async find(filter: HistoryFilter, range: Range, order: Order, limit: number): Promise<Found> {
    const reach = reachOf(filter);
    if (reach === 'page') return { runIds: await this.idsIn(filter, range, order, limit), end: null };
    return this.scan(filter, range, order, limit, LOOK_AT[reach].atMost);
  }

  /** Reads portion by portion until enough runs are found or `atMost` runs were read. */
  private async scan(
    filter: HistoryFilter,
    range: Range,
    order: Order,
    limit: number,
    atMost: number,
  ): Promise<Found> {
    const { atOnce } = LOOK_AT[reachOf(filter)];
    const found: string[] = [];
    let [runs, bytes] = [0, 0];
    for (let rest = range; ;) {
      const portion = await this.portionOf(filter, rest, order, Math.min(atOnce, atMost - runs));
      found.push(...(await this.idsIn(filter, portion.range, order, limit - found.length)));
      runs += portion.runs;
      bytes += portion.bytes;
      if (portion.end === null || found.length >= limit) return { runIds: found, end: null };
      if (runs >= atMost || bytes >= TEXT_BYTES.atMost) return { runIds: found, end: portion.end };
      const bound = { runId: portion.end, isIncluded: false };
      rest = order === 'ASC' ? { ...range, low: bound } : { ...range, high: bound };
      await setImmediate();
    }
  }

  /** Returns the first runs of a range. An index finds its end; the filter then applies only within it. */
  private async portionOf(
    filter: HistoryFilter,
    range: Range,
    order: Order,
    atMost: number,
  ): Promise<Portion> {
    const { sql, parameters } = joined([...baseOf(filter), ...within(range)]);
    if (isByText(filter)) return this.weighedPortion(range, order, atMost, sql, parameters);
    const [last] = await this.database.read.query<{ runId: string }>(
      `SELECT run_id AS "runId" FROM runs ${sql} ORDER BY run_id ${order} LIMIT 1 OFFSET ?`,
      [...parameters, atMost - 1],
    );
    return { range: upTo(range, order, last?.runId), end: last?.runId ?? null, runs: atMost, bytes: 0 };
  }

  /** SQLite returns the size of a row without reading its content. */
  private async weighedPortion(
    range: Range,
    order: Order,
    atMost: number,
    sql: string,
    parameters: unknown[],
  ): Promise<Portion> {
    const rows = await this.database.read.query<{ runId: string; size: number }>(
      `SELECT run_id AS "runId", ${RUN_BYTES} AS size FROM runs ${sql} ORDER BY run_id ${order} LIMIT ?`,
      [...parameters, atMost],
    );
    let [count, bytes] = [0, 0];
    while (count < rows.length && bytes < TEXT_BYTES.atOnce) bytes += Number(rows[count++]!.size);
    const isLast = rows.length < atMost && count === rows.length;
    const end = isLast ? null : rows[count - 1]!.runId;
    return { range: upTo(range, order, end), end, runs: count, bytes };
  }

  /** Returns only ids, which an index covers. Whole rows are read only for displayed runs. */
  private async idsIn(filter: HistoryFilter, range: Range, order: Order, limit: number): Promise<string[]> {
    const { sql, parameters } = joined([...matching(filter), ...within(range)]);
    const inOrder = `ORDER BY run_id ${order}`;
    if (!isByText(filter)) {
      const rows = await this.database.read.query<{ runId: string }>(
        `SELECT run_id AS "runId" FROM runs ${sql} ${inOrder} LIMIT ?`,
        [...parameters, limit],
      );
      return rows.map(({ runId }) => runId);
    }
    // Two steps, so that the search reads rows only of runs that match by index.
    const ids: Condition = { sql: `run_id IN (SELECT run_id FROM runs ${sql})`, parameters };
    const candidates = joined([ids, ...candidatesOf(filter)]);
    const runs = await this.searched.select(
      this.database.read,
      `${candidates.sql} ${inOrder}`,
      candidates.parameters,
    );
    return runs
      .filter((run) => isFound(run, filter))
      .slice(0, limit)
      .map(({ runId }) => runId);
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

function upTo(range: Range, order: Order, end: string | null | undefined): Range {
  if (end == null) return range;
  return { ...range, [order === 'ASC' ? 'high' : 'low']: { runId: end, isIncluded: true } };
}

function within({ low, high, startedAt }: Range): Condition[] {
  const conditions: Condition[] = [];
  if (low) conditions.push({ sql: `run_id ${low.isIncluded ? '>=' : '>'} ?`, parameters: [low.runId] });
  if (high) conditions.push({ sql: `run_id ${high.isIncluded ? '<=' : '<'} ?`, parameters: [high.runId] });
  if (startedAt) {
    const { from, to } = startedAt;
    conditions.push({ sql: 'started_at >= ? AND started_at <= ?', parameters: [from, to] });
  }
  return conditions;
}
