import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../http/problem-responses';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { RunPageView } from '../runs/run-page.view';
import { RunViewBuilder } from '../runs/run-view-builder';
import type { HistoryFilter } from './history-filter';
import { RunHistoryRepository } from './run-history.repository';
import { ProjectRunsQuery, RunsQuery, toFilter } from './run-list.dto';

const SHORT_PAGES =
  'A request looks at a limited number of runs: 5,000 with `q` or `artifact`, 20,000 if no index has the filter. A page ' +
  'can therefore have fewer items than `limit`, or none, while `nextCursor` is set. The search continues there.';

@ApiTags('runs')
@Controller('api')
export class RunListController {
  constructor(
    private readonly history: RunHistoryRepository,
    private readonly views: RunViewBuilder,
    private readonly projects: ProjectCatalogue,
  ) {}

  @Get('runs')
  @ApiOperation({ operationId: 'listRuns', summary: 'List runs, newest first', description: SHORT_PAGES })
  @ApiResponse({ status: 200, type: RunPageView })
  @ApiProblems('VALIDATION')
  async list(@Query() query: RunsQuery): Promise<RunPageView> {
    const { projectId, id } = query;
    return this.page({ projectId, idPart: id?.toLowerCase(), ...toFilter(query) }, query);
  }

  @Get('projects/:projectId/runs')
  @ApiOperation({
    operationId: 'listProjectRuns',
    summary: 'List the runs of a project, newest first',
    description: SHORT_PAGES,
  })
  @ApiResponse({ status: 200, type: RunPageView })
  @ApiProblems('VALIDATION', 'PROJECT_NOT_FOUND')
  async listOfProject(
    @Param('projectId') projectId: string,
    @Query() query: ProjectRunsQuery,
  ): Promise<RunPageView> {
    this.projects.get(projectId);
    return this.page({ projectId, ...toFilter(query) }, query);
  }

  private async page(filter: HistoryFilter, { limit, cursor }: ProjectRunsQuery): Promise<RunPageView> {
    const place = cursor === undefined ? null : ({ direction: 'older', runId: cursor } as const);
    const { items, olderThan } = await this.history.page(filter, limit, place);
    return { items: await this.views.all(items), nextCursor: olderThan };
  }
}
