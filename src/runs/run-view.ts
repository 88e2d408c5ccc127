import { basename } from 'node:path';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { elapsedMs, type Instant } from '../clock/clock';
import { withBasePath } from '../config/base-path';
import type { JsonObject, RunInput } from '../events/run-event';
import {
  type Omission,
  OMISSIONS,
  type Run,
  RUN_STATUSES,
  type RunStatus,
  type StepState,
  TRIGGER_KINDS,
  type TriggeredBy,
} from './run';
import type { RunResult } from '../results/run-result';
import { runError } from './run-error';
import { attemptsOf } from './step-state';
import { shownParams } from './shown-params';
import type { Waiting } from './waiting';
import { waitingMessage } from './waiting-text';
import { clockSkewMs } from './sender-clock';
import {
  ArtifactView,
  ProgressView,
  RunErrorView,
  RunInputView,
  RunResultView,
  StepView,
  WaitingView,
  ZeroResultView,
  nullableInteger,
  nullableNumber,
  nullableText,
  nullableTime,
} from './run-parts.view';

/** A run in API responses. */
export class RunView {
  @ApiProperty({ format: 'uuid', description: 'UUID version 7' }) runId!: string;
  @ApiProperty({ type: 'integer', description: '1, 2, 3 … within the project; never reused' })
  number!: number;
  @ApiProperty() projectId!: string;
  @ApiProperty({ example: 'full' }) scope!: string;
  @ApiProperty({ enum: RUN_STATUSES, enumName: 'RunStatus' }) status!: RunStatus;
  @ApiProperty({ ...nullableText, example: 'step-failed' }) statusReason!: string | null;
  @ApiProperty({ enum: TRIGGER_KINDS, enumName: 'TriggeredBy' }) triggeredBy!: TriggeredBy;
  @ApiProperty({
    ...nullableText,
    description: 'The schedule that started the run, or the user whom a trusted proxy named; null if unknown',
  })
  triggeredByName!: string | null;
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'Each secret that was given is shown as ***',
  })
  params!: JsonObject;
  @ApiProperty({
    type: 'integer',
    description: 'Attempt number, from 1; it grows when a lost run is assigned again',
  })
  attempt!: number;
  @ApiProperty({ ...nullableText, format: 'uuid' }) rerunOf!: string | null;
  @ApiProperty(nullableText) workerId!: string | null;
  @ApiProperty({
    ...nullableNumber,
    description:
      'Milliseconds by which the clock of the worker is ahead of the server (negative: behind). ' +
      'Null if the clocks agree. The times of the run are corrected by this value',
  })
  clockSkewMs!: number | null;
  @ApiProperty({ type: 'string', format: 'date-time' }) startedAt!: Instant;
  @ApiProperty(nullableTime) cancelRequestedAt!: Instant | null;
  @ApiProperty({
    ...nullableText,
    description:
      'Who requested the stop: the user whom a trusted proxy named, else `page`, `api` or `jobato`',
  })
  cancelRequestedBy!: string | null;
  @ApiProperty(nullableTime) endedAt!: Instant | null;
  @ApiProperty({
    ...nullableInteger,
    description: 'Milliseconds from start to end; null while the run is active',
  })
  durationMs!: number | null;
  @ApiProperty({
    type: WaitingView,
    nullable: true,
    description: 'Why the run is waiting; null if it is not waiting',
  })
  waiting!: WaitingView | null;
  @ApiProperty({ type: ProgressView }) progress!: ProgressView;
  @ApiProperty({ type: [StepView] }) steps!: StepView[];
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'number', nullable: true },
    properties: { newJobsCount: nullableNumber, relevantCount: nullableNumber },
    description: 'newJobsCount, relevantCount and all reported metrics',
  })
  summary!: Record<string, number | null>;
  @ApiProperty({ type: RunErrorView, nullable: true }) error!: RunErrorView | null;
  @ApiProperty({ type: [ArtifactView] }) artifacts!: ArtifactView[];
  @ApiProperty({
    type: [ZeroResultView],
    nullable: true,
    description:
      'Searches that found nothing, as reported at the end of the run, up to 500; null if none were reported',
  })
  zeroResults!: ZeroResultView[] | null;
  @ApiProperty({
    ...nullableInteger,
    description:
      'Calls that all attempts of the run have reported so far, lost attempts included; null if none were reported',
  })
  issuedCalls!: number | null;
  @ApiProperty({
    type: RunResultView,
    nullable: true,
    description: 'What became of the file that the run offered as the result of its project; null if none',
  })
  result!: RunResultView | null;
  @ApiProperty({
    enum: OMISSIONS,
    isArray: true,
    description: 'Lists that are incomplete because the worker reported more entries than a run can store',
  })
  omitted!: Omission[];
  @ApiProperty({ description: 'Whether the run is pinned, so that retention never deletes it' })
  pinned!: boolean;
  @ApiProperty({ ...nullableTime, description: 'When the log was removed by `keep.logsDays`' })
  logsRemovedAt!: Instant | null;
  @ApiProperty({ ...nullableTime, description: 'When the files were removed by `keep.artifactsDays`' })
  artifactsRemovedAt!: Instant | null;
}

/** One run in full. Lists, event streams and answers to writes leave out the inputs, which can be 512 KiB. */
export class RunDetailView extends RunView {
  @ApiPropertyOptional({
    type: [RunInputView],
    description:
      'Searches that the run was started with, in order; absent for a project without `inputs`. Only in the answer ' +
      'for one run, not in lists',
  })
  runInputs?: RunInputView[];
}

export function toRunDetailView(run: Run, view: RunView): RunDetailView {
  return run.runInputs === null ? view : { ...view, runInputs: JSON.parse(run.runInputs) as RunInput[] };
}

/** @param basePath prefix of artifact URLs */
export function toRunView(run: Run, waiting: Waiting | null, now: Instant, basePath = ''): RunView {
  return {
    runId: run.runId,
    number: run.number,
    projectId: run.projectId,
    scope: run.scope,
    status: run.status,
    statusReason: run.statusReason,
    triggeredBy: run.triggeredBy,
    triggeredByName: run.triggeredByName,
    params: shownParams(run),
    attempt: run.attempt,
    rerunOf: run.rerunOf,
    workerId: run.workerId,
    clockSkewMs: clockSkewMs(run),
    startedAt: run.startedAt,
    cancelRequestedAt: run.cancelRequestedAt,
    cancelRequestedBy: run.cancelRequestedBy,
    endedAt: run.endedAt,
    durationMs: durationMs(run),
    waiting: waiting && waitingView(waiting, run, now),
    progress: run.progress,
    steps: run.steps.map(stepView),
    summary: { newJobsCount: null, relevantCount: null, ...run.metrics },
    error: runError(run),
    artifacts: run.artifacts.map(({ name, size }) => ({
      name,
      size,
      href: withBasePath(artifactHref(run.runId, name), basePath),
    })),
    zeroResults: run.zeroResults,
    issuedCalls: run.issuedCalls,
    result: run.result && runResultView(run.result),
    omitted: run.omitted ?? [],
    pinned: run.pinned === 1,
    logsRemovedAt: run.logsRemovedAt,
    artifactsRemovedAt: run.artifactsRemovedAt,
  };
}

function runResultView(result: RunResult): RunResultView {
  const { state } = result;
  return state === 'accepted'
    ? { state, name: basename(result.file), size: result.size, flaw: null }
    : { state, name: result.offered, size: null, flaw: state === 'result-invalid' ? result.flaw : null };
}

function stepView(step: StepState): StepView {
  const { name, status, startedAt, endedAt, exitCode, progress } = step;
  return {
    name,
    status,
    startedAt,
    endedAt,
    durationMs: durationMs({ startedAt, endedAt }),
    exitCode,
    progress: progress ?? null,
    attempts: attemptsOf(step).map((attempt) => ({
      number: attempt.number,
      status: attempt.status,
      startedAt: attempt.startedAt,
      endedAt: attempt.endedAt,
      exitCode: attempt.exitCode,
      retryAt: attempt.retryAt ?? null,
    })),
  };
}

function waitingView(waiting: Waiting, run: Run, now: Instant): WaitingView {
  return {
    code: waiting.code,
    message: waitingMessage(waiting, run, now),
    ...(waiting.code === 'handed-out' && {
      publishedAt: waiting.publishedAt,
      typicalMs: waiting.typicalMs,
    }),
  };
}

export function durationMs({
  startedAt,
  endedAt,
}: {
  startedAt: Instant | null;
  endedAt: Instant | null;
}): number | null {
  return startedAt === null || endedAt === null ? null : elapsedMs(startedAt, endedAt);
}

/** The latest-run summary of reports. */
export class RunSummaryView {
  @ApiProperty({ format: 'uuid' }) runId!: string;
  @ApiProperty({ type: 'integer' }) number!: number;
  @ApiProperty() projectId!: string;
  @ApiProperty({ enum: RUN_STATUSES, enumName: 'RunStatus' }) status!: RunStatus;
  @ApiProperty({ type: 'string', format: 'date-time' }) triggerTime!: Instant;
  @ApiProperty({ ...nullableInteger, description: 'Milliseconds' }) durationMs!: number | null;
  @ApiProperty(nullableNumber) newJobsCount!: number | null;
  @ApiProperty(nullableNumber) relevantCount!: number | null;
}

export function toRunSummary(run: Run): RunSummaryView {
  return {
    runId: run.runId,
    number: run.number,
    projectId: run.projectId,
    status: run.status,
    triggerTime: run.startedAt,
    durationMs: durationMs(run),
    newJobsCount: run.metrics.newJobsCount ?? null,
    relevantCount: run.metrics.relevantCount ?? null,
  };
}

/** Returns the route path of an artifact, without the base path. */
export function artifactHref(runId: string, name: string): string {
  return `/api/runs/${runId}/artifacts/${encodeURIComponent(name)}`;
}
