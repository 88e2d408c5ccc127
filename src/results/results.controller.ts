import { basename } from 'node:path';
import { Body, Controller, Get, Inject, Param, Put, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { beginRanged } from '../http/byte-range';
import { FILE_CONTENT, sendOpenFile, setDownloadHeaders } from '../http/file-download';
import { ApiProblems } from '../http/problem-responses';
import { RequestUser } from '../http/request-user';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { LiveResults } from './live-results';
import { GoBackBody, liveResultView, LiveResultView, ResultListView, resultView } from './result.views';

/** The live result of a project, and the earlier ones. */
@ApiTags('results')
@Controller('api/projects/:projectId')
export class ResultsController {
  constructor(
    private readonly results: LiveResults,
    private readonly projects: ProjectCatalogue,
    @Inject(CONFIG) private readonly config: Pick<Config, 'basePath'>,
  ) {}

  @Get('result')
  @ApiOperation({ operationId: 'getResult', summary: 'Get the live result of a project' })
  @ApiResponse({ status: 200, type: LiveResultView })
  @ApiProblems('PROJECT_NOT_FOUND', 'RESULT_NOT_FOUND')
  async get(@Param('projectId') projectId: string): Promise<LiveResultView> {
    this.projects.get(projectId);
    return liveResultView(await this.results.get(projectId), this.config.basePath);
  }

  @Get('results')
  @ApiOperation({
    operationId: 'listResults',
    summary: 'List the kept results of a project, newest first',
    description: 'The live one, and as many others as `result.keep` says.',
  })
  @ApiResponse({ status: 200, type: ResultListView })
  @ApiProblems('PROJECT_NOT_FOUND')
  async list(@Param('projectId') projectId: string): Promise<ResultListView> {
    this.projects.get(projectId);
    const [live, kept] = await Promise.all([
      this.results.current(projectId),
      this.results.history(projectId),
    ]);
    return { items: kept.map((result) => resultView(result, live)) };
  }

  @Put('result')
  @ApiOperation({
    operationId: 'goBackToResult',
    summary: 'Make an earlier result live',
    description: 'The next run that completes with a result makes its own live.',
  })
  @ApiResponse({ status: 200, type: LiveResultView })
  @ApiProblems('VALIDATION', 'PROJECT_NOT_FOUND', 'RESULT_NOT_FOUND', 'STORAGE_FULL')
  async goBack(
    @Param('projectId') projectId: string,
    @Body() { runId }: GoBackBody,
    @RequestUser() user: string | null,
  ): Promise<LiveResultView> {
    this.projects.get(projectId);
    return liveResultView(await this.results.goBack(projectId, runId, user ?? 'api'), this.config.basePath);
  }

  @Get('result/file')
  @ApiOperation({ operationId: 'downloadResult', summary: 'Download the live result of a project' })
  @ApiResponse({ status: 200, description: 'The file', content: FILE_CONTENT })
  @ApiResponse({
    status: 206,
    description: 'The part of the file requested by `Range`',
    content: FILE_CONTENT,
  })
  @ApiProblems('PROJECT_NOT_FOUND', 'RESULT_NOT_FOUND', 'RANGE_NOT_SATISFIABLE')
  async download(
    @Param('projectId') projectId: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    this.projects.get(projectId);
    const { file, live, size } = await this.results.open(projectId);
    try {
      const headers = setDownloadHeaders(response, basename(live.file));
      // No date of change: an earlier result can become live, and two results can be of the same second.
      const range = beginRanged(request, headers, { size, etag: `"${live.runId}"` });
      if (range) await sendOpenFile(file, range, response);
    } finally {
      await file.close();
    }
  }
}
