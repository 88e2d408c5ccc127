import { pipeline } from 'node:stream/promises';
import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiProblems } from '../../http/problem-responses';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { BYTE_ORDER_MARK, csvLine } from './csv';
import { RowPageView, rowPageView, RowsQuery, TableQuery } from './result-rows.views';
import { ResultTables, type TableExport } from './result-tables';

const TABLE_PROBLEMS = [
  ...(['VALIDATION', 'PROJECT_NOT_FOUND', 'RESULT_NOT_FOUND', 'RESULT_TABLE_NOT_SET'] as const),
  ...(['RESULT_UNREADABLE', 'RESULT_TOO_SLOW', 'SERVER_BUSY'] as const),
] as const;
/** A client that takes nothing for this time loses its download: each holds a process and an open file. */
const STALLED_MS = 120_000;

/** The rows of the table that a project shows from its live result. */
@ApiTags('results')
@Controller('api/projects/:projectId/results')
export class ResultRowsController {
  constructor(
    private readonly tables: ResultTables,
    private readonly projects: ProjectCatalogue,
  ) {}

  @Get('rows')
  @ApiOperation({
    operationId: 'listResultRows',
    summary: 'List the rows of the live result of a project',
    description:
      'For a project with `result.table`. All pages of a list are from one result: after another result went live, ' +
      'a `cursor` is answered with RESULT_CHANGED.',
  })
  @ApiResponse({ status: 200, type: RowPageView })
  @ApiProblems(...TABLE_PROBLEMS, 'RESULT_CHANGED')
  async list(@Param('projectId') projectId: string, @Query() query: RowsQuery): Promise<RowPageView> {
    this.projects.get(projectId);
    return rowPageView(await this.tables.page(projectId, query));
  }

  @Get('rows.csv')
  @ApiOperation({
    operationId: 'downloadResultRows',
    summary: 'Download the rows of the live result of a project as CSV',
    description:
      'UTF-8 with a byte order mark, as in RFC 4180. Text that a spreadsheet would execute as a formula starts with ' +
      "`'`. The file is from one result, also if another one goes live during the download.",
  })
  @ApiProduces('text/csv')
  @ApiResponse({ status: 200, description: 'The rows', schema: { type: 'string' } })
  @ApiProblems(...TABLE_PROBLEMS)
  async download(
    @Param('projectId') projectId: string,
    @Query() query: TableQuery,
    @Req() { method }: Request,
    @Res() response: Response,
  ): Promise<void> {
    this.projects.get(projectId);
    const found = await this.tables.export(projectId, query);
    response.attachment(`${projectId}-${found.live.number}.csv`);
    response.setHeader('Content-Type', 'text/csv; charset=utf-8; header=present');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', 'private, no-store');
    response.setTimeout(STALLED_MS, () => response.destroy());
    try {
      if (method === 'HEAD') response.end();
      else await pipeline(csvOf(found), response).catch(() => response.destroy());
    } finally {
      await found.end();
    }
  }
}

async function* csvOf({ layout, rows }: TableExport): AsyncGenerator<string> {
  yield BYTE_ORDER_MARK + csvLine(layout.columns.map(({ name }) => name));
  for await (const part of rows) yield part.map(csvLine).join('');
}
