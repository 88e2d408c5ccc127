import {
  applyDecorators,
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Res,
} from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiProblems } from '../http/problem-responses';
import { RequestUser } from '../http/request-user';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { checkIdempotencyKey, IDEMPOTENCY_KEY_HEADER } from './idempotency-key';
import type { Run } from './run';
import { RunPipe, runPaths } from './run.pipe';
import { RunRepository } from './run.repository';
import { RunViewBuilder } from './run-view-builder';
import { RunDetailView, RunView } from './run-view';
import { RerunBody, TriggerBody } from './runs.dto';
import type { Accepted } from './run-starter';
import { RunsService } from './runs.service';

/** Documents the request and response of all operations that start a run. */
const ApiStart = (body: typeof RerunBody) =>
  applyDecorators(
    ApiHeader({
      name: IDEMPOTENCY_KEY_HEADER,
      required: false,
      description:
        'Up to 255 characters, stored for 24 h. A repeated request with the same key returns the first response again',
    }),
    ApiBody({ type: body, required: false }),
    ApiResponse({
      status: 201,
      type: RunView,
      description: 'The run',
      headers: {
        Location: { description: 'Path of the run', schema: { type: 'string' } },
        'Idempotent-Replayed': {
          description: '`true` if the response repeats that of an earlier request',
          schema: { type: 'string', enum: ['true'] },
        },
      },
    }),
  );
/** Errors of operations that start a run. */
const REFUSALS = [
  'VALIDATION',
  'NO_ENABLED_INPUTS',
  'PROJECT_NOT_FOUND',
  'PROJECT_DISABLED',
  'RUN_IN_PROGRESS',
  'IDEMPOTENCY_KEY_REUSED',
  'QUOTA_REACHED',
  'QUOTA_UNKNOWN',
  'STORAGE_FULL',
] as const;
@ApiTags('runs')
@Controller('api')
export class RunsController {
  constructor(
    private readonly service: RunsService,
    private readonly runs: RunRepository,
    private readonly views: RunViewBuilder,
    private readonly projects: ProjectCatalogue,
  ) {}

  @Post('runs')
  @ApiOperation({ operationId: 'triggerDefaultProject', summary: 'Start a run of the default project' })
  @ApiStart(TriggerBody)
  @ApiProblems(...REFUSALS)
  async triggerDefault(
    @Body() body: TriggerBody,
    @RequestUser() name: string | null,
    @Headers(IDEMPOTENCY_KEY_HEADER) key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RunView> {
    const starter = { name, idempotencyKey: checkIdempotencyKey(key) };
    return answer(response, await this.service.trigger(null, body, starter));
  }

  @Post('projects/:projectId/runs')
  @ApiOperation({ operationId: 'triggerRun', summary: 'Start a run' })
  @ApiStart(TriggerBody)
  @ApiProblems(...REFUSALS)
  async trigger(
    @Param('projectId') projectId: string,
    @Body() body: TriggerBody,
    @RequestUser() name: string | null,
    @Headers(IDEMPOTENCY_KEY_HEADER) key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RunView> {
    const starter = { name, idempotencyKey: checkIdempotencyKey(key) };
    return answer(response, await this.service.trigger(projectId, body, starter));
  }

  @Post(runPaths('rerun'))
  @ApiOperation({ operationId: 'rerunRun', summary: 'Re-run an earlier run' })
  @ApiStart(RerunBody)
  @ApiProblems('RUN_NOT_FOUND', ...REFUSALS)
  async rerun(
    @Param(RunPipe) { runId }: Run,
    @Body() body: RerunBody,
    @RequestUser() name: string | null,
    @Headers(IDEMPOTENCY_KEY_HEADER) key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RunView> {
    const starter = { name, idempotencyKey: checkIdempotencyKey(key) };
    return answer(response, await this.service.rerun(runId, body, starter));
  }

  @Post(runPaths('ask-again'))
  @HttpCode(202)
  @ApiOperation({
    operationId: 'askAgain',
    summary: 'Publish the request of a run again',
    description:
      'Only for a run that no worker has claimed. An external worker that reports only at the end may already be ' +
      'working on it. A worker that does not remember its runs then does the work twice. If the request is still waiting ' +
      'to be published, the call has no effect.',
  })
  @ApiResponse({ status: 202, type: RunView })
  @ApiProblems('RUN_NOT_FOUND', 'RUN_ALREADY_CLAIMED', 'RUN_ALREADY_ENDED')
  async askAgain(@Param(RunPipe) { runId }: Run, @RequestUser() user: string | null): Promise<RunView> {
    return this.service.askAgain(runId, user ?? 'api');
  }

  @Get('projects/:projectId/runs/current')
  @ApiOperation({
    operationId: 'getCurrentRun',
    summary: 'Get the active run of a project, or its latest run',
  })
  @ApiResponse({ status: 200, type: RunDetailView })
  @ApiProblems('PROJECT_NOT_FOUND', 'RUN_NOT_FOUND')
  async current(@Param('projectId') projectId: string): Promise<RunDetailView> {
    this.projects.get(projectId);
    return this.views.detail(await this.runs.getCurrent(projectId));
  }

  @Get(runPaths())
  @ApiOperation({ operationId: 'getRun', summary: 'Get a run' })
  @ApiResponse({ status: 200, type: RunDetailView })
  @ApiProblems('RUN_NOT_FOUND')
  async get(@Param(RunPipe) run: Run): Promise<RunDetailView> {
    return this.views.detail(run);
  }

  @Delete(runPaths())
  @HttpCode(202)
  @ApiOperation({
    operationId: 'stopRun',
    summary: 'Stop a run',
    description:
      'The run stays active until it has stopped. With 503 or 507, the server could not record the stop yet. It still ends the processes of its own worker, ' +
      'and records the stop as soon as the database can be written.',
  })
  @ApiResponse({ status: 202, type: RunView })
  // After the last two, the server keeps the stop and records it later.
  @ApiProblems('RUN_NOT_FOUND', 'RUN_ALREADY_ENDED', 'STORAGE_UNAVAILABLE', 'STORAGE_FULL')
  async stop(@Param(RunPipe) { runId }: Run, @RequestUser() user: string | null): Promise<RunView> {
    return this.service.stop(runId, user ?? 'api');
  }
}

function answer(response: Response, { run, replayed }: Accepted): RunView {
  response.location(`/api/runs/${run.runId}`);
  if (replayed) response.setHeader('Idempotent-Replayed', 'true');
  return run;
}
