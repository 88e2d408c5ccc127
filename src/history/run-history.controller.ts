import { Controller, Get, HttpStatus, Param, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { JsonObject } from '../events/run-event';
import { ApiProblems } from '../http/problem-responses';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { type QuotaStatus, Quotas } from '../quota/quotas';
import { RunDetailRepository } from './run-detail.repository';
import type { Run } from '../runs/run';
import { RunPipe, runPaths } from '../runs/run.pipe';
import { RunRepository } from '../runs/run.repository';
import { RunsService } from '../runs/runs.service';
import { RUN_PHASES, type RunPhase } from '../runs/run-state';
import { RunSummaryView, RunView, toRunSummary } from '../runs/run-view';
import { AppliedEventRepository } from '../events/applied-event.repository';
import type { AppliedEventEntity, EventOrigin } from '../events/event.entities';
import { EventsQuery, LatestReportQuery } from '../runs/runs.dto';

const nullablePhase = { type: String, enum: [...RUN_PHASES, null], nullable: true } as const;

class AppliedEventView {
  @ApiProperty({ format: 'uuid' }) eventId!: string;
  @ApiProperty({ example: 'run.completed' }) eventType!: string;
  @ApiProperty({ format: 'date-time' }) occurredAt!: string;
  @ApiProperty({ format: 'date-time' }) appliedAt!: string;
  @ApiProperty({ type: 'object', additionalProperties: true }) payload!: JsonObject;
  @ApiProperty({
    description: '`applied`, or the reason why the event had no effect',
    example: 'already-ended',
  })
  outcome!: string;
  @ApiProperty({
    enum: ['server', 'worker'],
    description: '`server` if this server published the event for workers; `worker` if a worker sent it',
  })
  origin!: EventOrigin;
  @ApiProperty({
    ...nullablePhase,
    description: 'Phase of the run before the event; null if the event did not change the phase',
  })
  fromPhase!: RunPhase | null;
  @ApiProperty({
    ...nullablePhase,
    description: 'Phase of the run after the event; null if the event did not change the phase',
  })
  toPhase!: RunPhase | null;
  @ApiProperty({
    type: String,
    nullable: true,
    example: 'active → completed',
    description: '`fromPhase → toPhase`, or `published to workers`; null if the phase did not change',
  })
  effect!: string | null;
}

class AppliedEventPageView {
  @ApiProperty({ type: [AppliedEventView] }) items!: AppliedEventView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
  @ApiProperty({
    type: 'integer',
    description:
      'Number of applied events that are not listed because the run has more than 10,000 events or 16 MiB of them',
  })
  unlisted!: number;
}

class QuotaView implements QuotaStatus {
  @ApiProperty({ type: 'integer', description: 'Number of calls allowed per quota day' }) dailyLimit!: number;
  @ApiProperty({
    type: 'integer',
    description: 'Number of calls that this project made in the current quota day',
  })
  used!: number;
  @ApiProperty({ type: 'integer' }) remaining!: number;
  @ApiProperty({ type: 'integer', description: 'Number of concurrent calls allowed' })
  concurrencyLimit!: number;
  @ApiProperty({ format: 'date-time', description: 'Start of the next quota day' }) resetsAt!: string;
}
const ApiQuota = () =>
  ApiProperty({ type: QuotaView, nullable: true, description: 'Null if the project has no quota' });

class LatestReportView extends RunSummaryView {
  @ApiQuota() quota!: QuotaView | null;
}

class ProjectSummaryView {
  @ApiProperty() projectId!: string;
  @ApiProperty({ type: RunView, nullable: true }) activeRun!: RunView | null;
  @ApiProperty({ type: RunSummaryView, nullable: true, description: 'The run that ended last' })
  lastRun!: RunSummaryView | null;
  @ApiQuota() quota!: QuotaView | null;
}

/** Events and summaries of runs. */
@ApiTags('runs')
@Controller('api')
export class RunHistoryController {
  constructor(
    private readonly runs: RunRepository,
    private readonly service: RunsService,
    private readonly projects: ProjectCatalogue,
    private readonly quotas: Quotas,
    private readonly details: RunDetailRepository,
    private readonly appliedEvents: AppliedEventRepository,
  ) {}

  @Get(runPaths('events'))
  @ApiOperation({
    operationId: 'listRunEvents',
    summary: 'List the events of a run in the order in which they were applied, with the effect of each',
  })
  @ApiResponse({ status: 200, type: AppliedEventPageView })
  @ApiProblems('RUN_NOT_FOUND', 'VALIDATION')
  async events(
    @Param(RunPipe) { runId }: Run,
    @Query() { limit, cursor }: EventsQuery,
  ): Promise<AppliedEventPageView> {
    const [{ items, nextCursor }, unlisted] = await Promise.all([
      this.appliedEvents.list(runId, limit, cursor === undefined ? undefined : Number(cursor)),
      this.details.unlisted(runId),
    ]);
    return { items: items.map(toAppliedEventView), nextCursor, unlisted };
  }

  @Get('reports/runs/latest')
  @ApiOperation({ operationId: 'getLatestReport', summary: 'Get a summary of the latest run that has ended' })
  @ApiResponse({ status: 200, type: LatestReportView })
  @ApiResponse({ status: 204, description: 'No run has ended yet' })
  @ApiProblems('PROJECT_NOT_FOUND')
  async latest(
    @Query() { projectId }: LatestReportQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<LatestReportView | undefined> {
    if (projectId !== undefined) this.projects.get(projectId);
    const run = await this.runs.latestEnded(projectId);
    if (run) {
      const project = this.projects.find(run.projectId);
      return { ...toRunSummary(run), quota: project && (await this.quotas.statusOf(project.definition)) };
    }
    response.status(HttpStatus.NO_CONTENT);
    return undefined;
  }

  @Get('projects/:projectId/summary')
  @ApiOperation({
    operationId: 'getProjectSummary',
    summary: 'Get the active run, the last run and the quota of a project',
  })
  @ApiResponse({ status: 200, type: ProjectSummaryView })
  @ApiProblems('PROJECT_NOT_FOUND')
  async summary(@Param('projectId') projectId: string): Promise<ProjectSummaryView> {
    const { definition } = this.projects.get(projectId);
    const [active, last, quota] = await Promise.all([
      this.runs.active(projectId),
      this.runs.latestEnded(projectId),
      this.quotas.statusOf(definition),
    ]);
    return {
      projectId,
      activeRun: active && (await this.service.view(active)),
      lastRun: last && toRunSummary(last),
      quota,
    };
  }
}

function toAppliedEventView(event: AppliedEventEntity): AppliedEventView {
  const { eventId, eventType, occurredAt, appliedAt, outcome, origin, fromPhase, toPhase } = event;
  return {
    eventId,
    eventType,
    occurredAt,
    appliedAt,
    payload: JSON.parse(event.payload) as JsonObject,
    outcome,
    origin,
    fromPhase: fromPhase as RunPhase | null,
    toPhase: toPhase as RunPhase | null,
    effect: effectText(event),
  };
}

function effectText({ origin, fromPhase, toPhase }: AppliedEventEntity): string | null {
  if (origin === 'server') return 'published to workers';
  return toPhase === null ? null : `${fromPhase} → ${toPhase}`;
}
