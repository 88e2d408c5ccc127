import { Controller, Get, Param, Query, Req, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request } from 'express';
import { type ErrorCode, JobatoError, PROBLEMS } from '../../http/problem-catalogue';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { LiveResults } from '../../results/live-results';
import { MAX_SEARCH } from '../../results/table/result-rows.views';
import { ResultTables, TABLE_VIEWS } from '../../results/table/result-tables';
import { textOrNull, wantsPart } from '../page/form-answers';
import { PageFrames } from '../page/page-frame';
import { View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { type ResultsAddress, resultsHref, resultsTable } from './results-page';

const ROWS = 50;
/** Errors that the page explains in place of the table. */
const EXPLAINED: readonly ErrorCode[] = [
  'RESULT_NOT_FOUND',
  'RESULT_TABLE_NOT_SET',
  'RESULT_UNREADABLE',
  'RESULT_TOO_SLOW',
  'SERVER_BUSY',
];
/** Errors of an outdated or edited address. */
const OF_ADDRESS: readonly ErrorCode[] = ['RESULT_CHANGED', 'VALIDATION'];

/** The rows of the table that a project shows from its live result. */
@ApiExcludeController()
@Controller('projects/:projectId/results')
@UseInterceptors(ViewInterceptor)
export class ResultsPageController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly results: LiveResults,
    private readonly tables: ResultTables,
    private readonly frames: PageFrames,
  ) {}

  @Get()
  async page(
    @Param('projectId') projectId: string,
    @Query() query: Record<string, unknown>,
    @Req() request: Request,
  ): Promise<View> {
    const { name } = this.projects.get(projectId).definition;
    const address = addressIn(query);
    const found = await this.read(projectId, address);
    const model = {
      frame: await this.frames.frame(`Results, ${name}`, '/results'),
      project: { name, href: `/projects/${projectId}` },
      ...found.model,
    };
    const extras = {
      status: found.status,
      headers: { 'HX-Push-Url': resultsHref(projectId, address) },
    };
    return new View(wantsPart(request) ? 'results/content' : 'results/page', model, extras);
  }

  private async read(projectId: string, address: ResultsAddress): Promise<{ status: number; model: object }> {
    try {
      return { status: 200, model: await this.table(projectId, address) };
    } catch (error) {
      if (!(error instanceof JobatoError)) throw error;
      const { code, detail } = error;
      const { status, title } = PROBLEMS[code];
      const notice = { title, detail };
      if (OF_ADDRESS.includes(code)) {
        const first = code === 'VALIDATION' ? addressIn({}) : { ...address, cursor: undefined };
        const { model } = await this.read(projectId, first);
        return { status: 200, model: { ...model, notice: { ...notice, ...explained(code) } } };
      }
      if (!EXPLAINED.includes(code)) throw error;
      if (code === 'RESULT_NOT_FOUND') return { status: 200, model: { isWithoutResult: true } };
      if (code === 'RESULT_TABLE_NOT_SET') return { status, model: { isWithoutTable: true } };
      return { status, model: { notice, isUnreadable: true } };
    }
  }

  private async table(projectId: string, address: ResultsAddress): Promise<object> {
    const page = await this.tables.page(projectId, { ...address, limit: ROWS });
    const columns = this.results.settingOf(projectId).table?.columns ?? null;
    return { table: resultsTable(projectId, address, page, columns) };
  }
}

function explained(code: ErrorCode): object {
  return code === 'RESULT_CHANGED'
    ? { isDone: true, detail: 'This is the first page of the new result.' }
    : { detail: 'The address of this page was not valid. This is the first page.' };
}

function addressIn({ view, search, sort, cursor }: Record<string, unknown>): ResultsAddress {
  return {
    view: TABLE_VIEWS.find((each) => each === view),
    search: textOrNull(search)?.slice(0, MAX_SEARCH) ?? undefined,
    sort: textOrNull(sort) ?? undefined,
    cursor: textOrNull(cursor) ?? undefined,
  };
}
