import { Body, Controller, Headers, HttpCode, HttpStatus, Param, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiResponse } from '@nestjs/swagger';
import type { Response } from 'express';
import type { JsonObject } from '../../events/run-event';
import { ApiProblems } from '../../http/problem-responses';
import { type RunStatus, RUN_STATUSES } from '../../runs/run';
import { LEASE_SECONDS, UNUSED_LEASE_SECONDS } from '../../runs/lease-times';
import { RunDeadlines } from '../run-deadlines';
import { LeaseService } from '../lease-service';
import { ClaimMatcher } from '../claim-matcher';
import type { HttpEnvelope } from './http-envelope';
import { ApiLeaseHeader, LEASE_HEADER } from './lease-header';
import { ApiForWorkers } from './worker-key';
import { ClaimBody, HeartbeatBody, ReleaseBody } from './workers.dto';

class ClaimedView implements HttpEnvelope {
  @ApiProperty({ format: 'uuid', description: 'Same eventId as on the stream' }) eventId!: string;
  @ApiProperty({ example: 'run.requested' }) eventType!: string;
  @ApiProperty({ type: 'integer', example: 1 }) eventVersion!: number;
  @ApiProperty({ format: 'date-time' }) occurredAt!: string;
  @ApiProperty({ format: 'uuid' }) runId!: string;
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description:
      'The payload of run.requested. Unlike on the stream, its params contain the values of secrets',
  })
  payload!: JsonObject;
  @ApiProperty({
    description:
      'Proves that this worker holds the lease. Send it in X-Jobato-Lease with heartbeats, log lines, artifacts and ' +
      'releases, and as leaseToken in each event sent over HTTP. Keep it secret.',
  })
  leaseToken!: string;
}

/** Milliseconds since the start of the run, so that a worker can enforce its time limit without comparing clocks. */
const ELAPSED_HEADER = 'X-Jobato-Elapsed-Ms';

class HeartbeatAnswer {
  @ApiProperty({ description: 'True if the run must stop: end the work, then send run.cancelled' })
  cancelRequested!: boolean;
  @ApiProperty({ format: 'date-time', description: 'When the lease expires without another heartbeat' })
  leaseExpiresAt!: string;
}

class ReleaseAnswer {
  @ApiProperty({
    enum: RUN_STATUSES,
    enumName: 'RunStatus',
    description: 'Status of the run after the release',
  })
  status!: RunStatus;
  @ApiProperty({ type: 'integer', description: 'Current attempt of the run' }) attempt!: number;
}

@ApiForWorkers()
@Controller('api/internal/runs')
export class WorkerRunsController {
  constructor(
    private readonly claims: ClaimMatcher,
    private readonly leases: LeaseService,
    private readonly deadlines: RunDeadlines,
  ) {}

  @Post('claim')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'claimRun',
    summary: 'Claim a run',
    description:
      'Returns as soon as a run is available, the oldest run first. Waiting workers are served in order of arrival. ' +
      `The lease lasts ${LEASE_SECONDS} s, and each heartbeat renews it. A lease from a claim without ` +
      `claimId must be used within ${UNUSED_LEASE_SECONDS} s, or the run returns to the queue. With WORKER=embedded, ` +
      'the server assigns only runs with executor external.',
  })
  @ApiResponse({
    status: 200,
    type: ClaimedView,
    headers: {
      [ELAPSED_HEADER]: {
        description: 'Milliseconds since the run started, measured by the server',
        schema: { type: 'integer', minimum: 0 },
      },
    },
  })
  @ApiResponse({ status: 204, description: 'No run became available within waitSeconds' })
  @ApiProblems('VALIDATION', 'UNSUPPORTED_MEDIA_TYPE', 'SERVER_BUSY', 'SHUTTING_DOWN')
  async claim(
    @Body() { workerId, claimId, projectIds, executor, waitSeconds }: ClaimBody,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ClaimedView | undefined> {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const granted = await this.claims.claim({
      workerId,
      claimId: claimId ?? null,
      projectIds: projectIds ?? null,
      executor: executor ?? null,
      waitSeconds: waitSeconds ?? 0,
      signal: gone.signal,
    });
    if (!granted) {
      response.status(HttpStatus.NO_CONTENT);
      return undefined;
    }
    if (response.closed) await this.claims.answered(granted, false);
    else response.on('close', () => void this.claims.answered(granted, response.writableFinished));
    const { request, run } = granted;
    // Not in the body, which must be identical in every response to a claim.
    response.setHeader(ELAPSED_HEADER, String(Math.round(this.deadlines.elapsedMs(run))));
    return { ...request, leaseToken: run.leaseToken };
  }

  @Post(':runId/heartbeat')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'sendHeartbeat',
    summary: 'Send a heartbeat',
    description: `Renews the lease for ${LEASE_SECONDS} s. 409 means that the lease is lost or the run has ended: stop the work.`,
  })
  @ApiLeaseHeader()
  @ApiResponse({ status: 200, type: HeartbeatAnswer })
  @ApiProblems('VALIDATION', 'RUN_NOT_FOUND', 'RUN_ALREADY_ENDED', 'LEASE_LOST')
  async heartbeat(
    @Param('runId') runId: string,
    @Body() { workerId, attempt }: HeartbeatBody,
    @Headers(LEASE_HEADER) leaseToken: string | undefined,
  ): Promise<HeartbeatAnswer> {
    return this.leases.heartbeat(runId, { workerId, attempt, leaseToken: leaseToken ?? null });
  }

  @Post(':runId/release')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'releaseRun',
    summary: 'Release a run',
    description:
      'For a worker that shuts down. A run whose lease was never used returns to the queue unchanged. Any other run starts its ' +
      'next attempt at once, or ends as worker-lost if `retry.maxAttempts` is reached.',
  })
  @ApiLeaseHeader()
  @ApiResponse({ status: 200, type: ReleaseAnswer })
  @ApiProblems('VALIDATION', 'RUN_NOT_FOUND', 'RUN_ALREADY_ENDED', 'LEASE_LOST')
  async release(
    @Param('runId') runId: string,
    @Body() { workerId, attempt, reason }: ReleaseBody,
    @Headers(LEASE_HEADER) leaseToken: string | undefined,
  ): Promise<ReleaseAnswer> {
    const claimant = { workerId: workerId ?? null, attempt, leaseToken: leaseToken ?? null };
    const run = await this.leases.release(runId, claimant, reason ?? null);
    return { status: run.status, attempt: run.attempt };
  }
}
