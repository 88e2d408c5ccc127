import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { toInstant } from '../clock/clock';
import { ApiProblems } from '../http/problem-responses';
import { RequestUser } from '../http/request-user';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { Pauses } from './pauses';
import { ScheduleRepository } from './schedule.repository';
import {
  pauseView,
  PauseView,
  ProjectScheduleView,
  ScheduleRecordPageView,
  recordView,
  SchedulePageView,
} from './schedule.views';
import { PauseBody, ScheduleRecordsQuery, SchedulesQuery } from './schedules.dto';
import { SchedulesService } from './schedules.service';

const PAUSE = {
  description:
    'While a pause is in force, schedules start no runs; each due time is recorded as `skipped-paused`. ' +
    'Manual runs still start. Repeating the call replaces reason and end.',
};
const RESUME = { description: 'Starts no run: due times during the pause stay skipped.' };

/** Schedules, the records of their due times, and pauses. */
@ApiTags('schedules')
@Controller('api')
export class SchedulesController {
  constructor(
    private readonly schedules: SchedulesService,
    private readonly repository: ScheduleRepository,
    private readonly pauses: Pauses,
    private readonly projects: ProjectCatalogue,
  ) {}

  @Get('schedules')
  @ApiOperation({ operationId: 'listSchedules', summary: 'List the schedules of all projects' })
  @ApiResponse({ status: 200, type: SchedulePageView })
  @ApiProblems('VALIDATION')
  list(@Query() { limit, cursor }: SchedulesQuery): Promise<SchedulePageView> {
    return this.schedules.page(limit, cursor);
  }

  @Get('projects/:projectId/schedule')
  @ApiOperation({ operationId: 'getProjectSchedule', summary: 'Get the schedules of a project' })
  @ApiResponse({ status: 200, type: ProjectScheduleView })
  @ApiProblems('PROJECT_NOT_FOUND')
  ofProject(@Param('projectId') projectId: string): Promise<ProjectScheduleView> {
    return this.schedules.ofProject(projectId);
  }

  @Get('projects/:projectId/schedule/records')
  @ApiOperation({
    operationId: 'listScheduleRecords',
    summary: 'List how the due times of a project ended, newest first',
  })
  @ApiResponse({ status: 200, type: ScheduleRecordPageView })
  @ApiProblems('PROJECT_NOT_FOUND', 'VALIDATION')
  async records(
    @Param('projectId') projectId: string,
    @Query() query: ScheduleRecordsQuery,
  ): Promise<ScheduleRecordPageView> {
    this.projects.get(projectId);
    const { items, nextCursor } = await this.repository.list(projectId, query);
    return { items: items.map(recordView), nextCursor };
  }

  @Put('projects/:projectId/pause')
  @ApiOperation({ operationId: 'pauseProject', summary: 'Pause the schedules of a project', ...PAUSE })
  @ApiBody({ type: PauseBody, required: false })
  @ApiResponse({ status: 200, type: PauseView })
  @ApiProblems('PROJECT_NOT_FOUND', 'VALIDATION', 'STORAGE_FULL')
  pauseProject(
    @Param('projectId') projectId: string,
    @Body() body: PauseBody,
    @RequestUser() user: string | null,
  ): Promise<PauseView> {
    return this.pause(projectId, body, user);
  }

  @Put('pause')
  @ApiOperation({ operationId: 'pauseAll', summary: 'Pause the schedules of all projects', ...PAUSE })
  @ApiBody({ type: PauseBody, required: false })
  @ApiResponse({ status: 200, type: PauseView })
  @ApiProblems('VALIDATION', 'STORAGE_FULL')
  pauseAll(@Body() body: PauseBody, @RequestUser() user: string | null): Promise<PauseView> {
    return this.pause(null, body, user);
  }

  @Delete('projects/:projectId/pause')
  @HttpCode(204)
  @ApiOperation({ operationId: 'resumeProject', summary: 'End the pause of a project', ...RESUME })
  @ApiResponse({ status: 204, description: 'The project is not paused, unless all projects are' })
  @ApiProblems('PROJECT_NOT_FOUND', 'STORAGE_FULL')
  resumeProject(@Param('projectId') projectId: string): Promise<void> {
    return this.pauses.resume(projectId);
  }

  @Delete('pause')
  @HttpCode(204)
  @ApiOperation({ operationId: 'resumeAll', summary: 'End the pause of all projects', ...RESUME })
  @ApiResponse({ status: 204, description: 'Pauses of single projects remain' })
  @ApiProblems('STORAGE_FULL')
  resumeAll(): Promise<void> {
    return this.pauses.resume(null);
  }

  private async pause(
    projectId: string | null,
    { reason, until }: PauseBody,
    user: string | null,
  ): Promise<PauseView> {
    const untilInstant = until == null ? null : toInstant(Date.parse(until));
    const options = { reason: reason?.trim() || null, until: untilInstant };
    return pauseView(await this.pauses.pause(projectId, options, user ?? 'api'));
  }
}
