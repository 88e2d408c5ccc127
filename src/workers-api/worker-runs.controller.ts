import { Body, Controller, HttpCode, HttpStatus, Param, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiResponse } from '@nestjs/swagger';
import type { Response } from 'express';
import type { JsonObject } from '../events/run-event';
import { ApiProblems } from '../problems/api-problems';
import { type RunStatus, RUN_STATUSES } from '../runs/run';
import { LEASE_SECONDS } from '../runs/run-claims';
import { RunLeases } from '../runs/run-leases';
import { ClaimQueue } from './claim-queue';
import type { HttpEnvelope } from './http-envelope';
import { ApiForWorkers } from './worker-key';
import { ClaimBody, HeartbeatBody, ReleaseBody } from './worker.requests';

class RequestedView implements HttpEnvelope {
  @ApiProperty({ format: 'uuid', description: 'The same as on the stream' }) eventId!: string;
  @ApiProperty({ example: 'run.requested' }) eventType!: string;
  @ApiProperty({ example: 1 }) eventVersion!: number;
  @ApiProperty({ format: 'date-time' }) occurredAt!: string;
  @ApiProperty({ format: 'uuid' }) runId!: string;
  @ApiProperty({ type: 'object', additionalProperties: true }) payload!: JsonObject;
}

class HeartbeatAnswer {
  @ApiProperty({ description: 'Somebody asked for a stop: end the work, then send run.cancelled' })
  cancelRequested!: boolean;
  @ApiProperty({ format: 'date-time', description: 'When the run counts as lost without another sign' })
  leaseExpiresAt!: string;
}

class ReleaseAnswer {
  @ApiProperty({ enum: RUN_STATUSES, description: 'What has become of the run' }) status!: RunStatus;
  @ApiProperty({ description: 'The attempt that it is in now' }) attempt!: number;
}

@ApiForWorkers()
@Controller('api/internal/runs')
export class WorkerRunsController {
  constructor(
    private readonly claims: ClaimQueue,
    private readonly leases: RunLeases,
  ) {}

  @Post('claim')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Take a run',
    description:
      'Answers as soon as there is a run, the oldest first; among workers that wait, first come, first served. ' +
      `The run is the worker's for ${LEASE_SECONDS} s, and for as long again after each heartbeat.`,
  })
  @ApiResponse({ status: 200, type: RequestedView })
  @ApiResponse({ status: 204, description: 'There was none in that time' })
  @ApiProblems('VALIDATION', 'UNSUPPORTED_MEDIA_TYPE', 'SHUTTING_DOWN')
  async claim(
    @Body() { workerId, projectIds, waitSeconds }: ClaimBody,
    @Res({ passthrough: true }) response: Response,
  ): Promise<HttpEnvelope | undefined> {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const request = await this.claims.claim({
      workerId,
      projectIds: projectIds ?? null,
      waitSeconds: waitSeconds ?? 0,
      signal: gone.signal,
    });
    if (request) return request;
    response.status(HttpStatus.NO_CONTENT);
    return undefined;
  }

  @Post(':runId/heartbeat')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Keep a run',
    description: `The run stays the worker's for another ${LEASE_SECONDS} s. With a 409 it is not, and the work is to be ended.`,
  })
  @ApiResponse({ status: 200, type: HeartbeatAnswer })
  @ApiProblems('VALIDATION', 'RUN_NOT_FOUND', 'RUN_ALREADY_ENDED', 'LEASE_LOST')
  async heartbeat(
    @Param('runId') runId: string,
    @Body() { workerId, attempt }: HeartbeatBody,
  ): Promise<HeartbeatAnswer> {
    return this.leases.heartbeat(runId, workerId, attempt);
  }

  @Post(':runId/release')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Hand a run back',
    description:
      'For a worker that is stopped: the run gets its next attempt at once, or ends as lost where ' +
      '`retry.maxAttempts` is used up.',
  })
  @ApiResponse({ status: 200, type: ReleaseAnswer })
  @ApiProblems('VALIDATION', 'RUN_NOT_FOUND', 'RUN_ALREADY_ENDED', 'LEASE_LOST')
  async release(
    @Param('runId') runId: string,
    @Body() { workerId, attempt, reason }: ReleaseBody,
  ): Promise<ReleaseAnswer> {
    const run = await this.leases.release(runId, workerId, attempt, reason ?? null);
    return { status: run.status, attempt: run.attempt };
  }
}
