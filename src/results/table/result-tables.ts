import { realpath } from 'node:fs/promises';
import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { invalid, JobatoError } from '../../http/problem-catalogue';
import type { ResultTable } from '../../projects/project';
import { LiveResults } from '../live-results';
import type { LiveResult } from '../result.repository';
import type { Cell } from './cell';
import { cursorText, readCursor, type RowPosition } from './table-cursor';
import { flawText, problemCodeOf, TableError } from './table-flaw';
import { layoutOf, sortNamed, sortText, type TableLayout, type TableSort } from './table-layout';
import { TableReaders } from './table-readers';
import { type RowCounts, type RowSelection, TableRowsRepository } from './table-rows.repository';

export const TABLE_VIEWS = ['today', 'all'] as const;
/** `today`: the rows that the run of the live result added. */
export type TableView = (typeof TABLE_VIEWS)[number];

export interface RowsQuestion {
  /** Undefined: today if there are new rows, else all. */
  view?: TableView | undefined;
  search?: string | undefined;
  /** `column` or `-column`. */
  sort?: string | undefined;
}

export interface TableAnswer {
  live: LiveResult;
  layout: TableLayout;
  view: TableView;
  search: string | null;
  /** Null for the order of the table. */
  sort: TableSort | null;
  counts: RowCounts;
}

export interface TablePage extends TableAnswer {
  rows: Cell[][];
  nextCursor: string | null;
}

export interface TableExport extends TableAnswer {
  /** In parts. */
  rows: AsyncGenerator<Cell[][]>;
  /** Ends the reading; always call it. */
  end: () => Promise<unknown>;
}

interface OpenTable {
  live: LiveResult;
  file: string;
  layout: TableLayout;
  counts: RowCounts;
}

/** Counts that took too long are tried again later. */
const NO_COUNT_MS = 60_000;
const MAX_KNOWN = 100;

/** Reads the table that a project shows from its live result. */
@Injectable()
export class ResultTables {
  private readonly logger = new Logger(ResultTables.name);
  /** By file and setting. Live files never change. */
  private readonly layouts = new LRUCache<string, Promise<TableLayout>>({ max: MAX_KNOWN });
  private readonly counts = new LRUCache<string, Promise<RowCounts>>({ max: MAX_KNOWN });
  /** The file that was read last, by project. */
  private readonly shown = new Map<string, string>();

  constructor(
    private readonly results: LiveResults,
    private readonly rows: TableRowsRepository,
    private readonly readers: TableReaders,
  ) {}

  /** @throws JobatoError, among them RESULT_CHANGED for a cursor of an earlier result */
  page(
    projectId: string,
    question: RowsQuestion & { cursor?: string | undefined; limit: number },
  ): Promise<TablePage> {
    return this.withLive(projectId, async (open) => {
      const { file, live, layout } = open;
      const answer = answerOf(open, question);
      const { view, search, sort } = answer;
      const scope = { runId: live.runId, question: [view, search, sort === null ? null : sortText(sort)] };
      const after = question.cursor === undefined ? null : positionOf(question.cursor, scope, live);
      const part = { after, limit: question.limit };
      const { rows, next } = await this.rows.page(file, layout, selectionOf(answer), part);
      return { ...answer, rows, nextCursor: next === null ? null : cursorText(scope, next) };
    });
  }

  /** Starts to read all rows. They are of this result to their end, also if another one goes live. @throws JobatoError */
  export(projectId: string, question: RowsQuestion): Promise<TableExport> {
    return this.withLive(projectId, async (open) => {
      const answer = answerOf(open, question);
      const rows = this.rows.all(open.file, open.layout, selectionOf(answer));
      // Errors of the first part have an answer; a later error can only end the download.
      const first = await rows.next();
      return { ...answer, rows: withFirst(first, rows), end: () => rows.return(undefined) };
    });
  }

  private async withLive<Value>(projectId: string, use: (open: OpenTable) => Promise<Value>): Promise<Value> {
    const { table } = this.results.settingOf(projectId);
    if (table === null) {
      throw new JobatoError(
        'RESULT_TABLE_NOT_SET',
        `Project "${projectId}" shows no table of its results. Name one in "result.table" of the project file.`,
      );
    }
    const isGone = (error: unknown) => error instanceof TableError && error.flaw.code === 'missing-file';
    let used: LiveResult | null = null;
    try {
      return await this.results.withLive(
        projectId,
        async (live) => use(await this.open((used = live), table)),
        isGone,
      );
    } catch (error) {
      if (!(error instanceof TableError)) throw error;
      throw this.problemOf(error, used!, table);
    }
  }

  private problemOf({ flaw }: TableError, live: LiveResult, table: ResultTable): JobatoError {
    const code = problemCodeOf(flaw);
    // Another program may have changed the file.
    if (code === 'RESULT_UNREADABLE') this.layouts.delete(keyOf(live, table));
    const { projectId, runId, file, number } = live;
    this.logger.warn({ projectId, runId, msg: `Reading ${file} failed`, ...flaw });
    return new JobatoError(code, flawText(flaw, number));
  }

  private async open(live: LiveResult, table: ResultTable): Promise<OpenTable> {
    const path = this.results.pathOf(live);
    const file = await realpath(path).catch(() => {
      throw new TableError({ code: 'missing-file' });
    });
    const previous = this.shown.get(live.projectId);
    if (previous !== undefined && previous !== file) this.readers.forget(previous);
    this.shown.set(live.projectId, file);

    const key = keyOf(live, table);
    const layout = await remembered(this.layouts, key, async () =>
      layoutOf(table, await this.rows.find(file, table.name)),
    );
    const counts = await remembered(this.counts, key, () => this.count(key, file, layout, live));
    return { live, file, layout, counts };
  }

  private async count(
    key: string,
    file: string,
    layout: TableLayout,
    { runId }: LiveResult,
  ): Promise<RowCounts> {
    try {
      return await this.rows.count(file, layout, runId);
    } catch (error) {
      if (!(error instanceof TableError) || error.flaw.code !== 'too-slow') throw error;
      const unknown = { all: null, today: null };
      this.counts.set(key, Promise.resolve(unknown), { ttl: NO_COUNT_MS });
      return unknown;
    }
  }
}

function keyOf({ file }: LiveResult, table: ResultTable): string {
  return JSON.stringify([file, table]);
}

/** Readers that come at the same time share one query. */
function remembered<Value>(
  cache: LRUCache<string, Promise<Value>>,
  key: string,
  read: () => Promise<Value>,
): Promise<Value> {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const value = read();
  cache.set(key, value);
  value.catch(() => cache.delete(key));
  return value;
}

function answerOf({ live, layout, counts }: OpenTable, { view, search, sort }: RowsQuestion): TableAnswer {
  if (view === 'today' && layout.newBy === null) {
    throw invalid([
      { field: 'view', message: 'can only be "all", because the project file has no "result.table.newBy"' },
    ]);
  }
  const named = sort === undefined ? layout.sort : sortNamed(sort, layout);
  if (sort !== undefined && named === null)
    throw invalid([{ field: 'sort', message: 'must be a shown column, with "-" before it for descending' }]);
  const text = search?.trim() ?? '';
  return {
    live,
    layout,
    view: view ?? ((counts.today ?? 0) > 0 ? 'today' : 'all'),
    search: text === '' ? null : text,
    sort: named,
    counts,
  };
}

function selectionOf({ view, live, search, sort }: TableAnswer): RowSelection {
  return { newBy: view === 'today' ? live.runId : null, search, sort };
}

function positionOf(
  cursor: string,
  scope: Parameters<typeof readCursor>[1],
  { number }: LiveResult,
): RowPosition {
  const read = readCursor(cursor, scope);
  if (read.is === 'valid') return read.position;
  if (read.is === 'invalid')
    throw invalid([
      { field: 'cursor', message: 'must be a nextCursor value of the same view, search and sort' },
    ]);
  throw new JobatoError(
    'RESULT_CHANGED',
    `The cursor belongs to another result: since then, the result of run #${number} went live. Start again without a cursor.`,
  );
}

async function* withFirst(
  first: IteratorResult<Cell[][]>,
  rest: AsyncGenerator<Cell[][]>,
): AsyncGenerator<Cell[][]> {
  if (!first.done) yield first.value;
  yield* rest;
}
