import { Body, Controller, Headers, HttpCode, HttpStatus, Param, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiResponse } from '@nestjs/swagger';
import type { Response } from 'express';
import type { JsonObject } from '../../events/run-event';
import { ApiProblems } from '../../http/api-problems';
import { type RunStatus, RUN_STATUSES } from '../../runs/run';
import { LEASE_SECONDS, UNUSED_LEASE_SECONDS } from '../../runs/lease';
import { RunDeadlines } from '../run-deadlines';
import { LeaseService } from '../lease-service';
import { ClaimQueue } from '../claim-queue';
import type { HttpEnvelope } from './http-envelope';
import { ApiLeaseHeader, LEASE_HEADER } from './lease-header';
import { ApiForWorkers } from './worker-key';
import { ClaimBody, HeartbeatBody, ReleaseBody } from './worker.requests';

class ClaimedView implements HttpEnvelope {
  @ApiProperty({ format: 'uuid', description: 'The same as on the stream' }) eventId!: string;
  @ApiProperty({ example: 'run.requested' }) eventType!: string;
  @ApiProperty({ type: 'integer', example: 1 }) eventVersion!: number;
  @ApiProperty({ format: 'date-time' }) occurredAt!: string;
  @ApiProperty({ format: 'uuid' }) runId!: string;
  @ApiProperty({ type: 'object', additionalProperties: true }) payload!: JsonObject;
  @ApiProperty({
    description:
      'Proves that this worker holds the attempt. Send it in X-Jobato-Lease with heartbeats, log lines, artifacts and ' +
      'releases, and as the member leaseToken of each event over HTTP. Keep it secret.',
  })
  leaseToken!: string;
}

/** Milliseconds since the start of the run, so that a worker can enforce its time limit without comparing clocks. */
const ELAPSED_HEADER = 'X-Jobato-Elapsed-Ms';

class HeartbeatAnswer {
  @ApiProperty({ description: 'Somebody asked for a stop: end the work, then send run.cancelled' })
  cancelRequested!: boolean;
  @ApiProperty({ format: 'date-time', description: 'When the run counts as lost without another sign' })
  leaseExpiresAt!: string;
}

class ReleaseAnswer {
  @ApiProperty({ enum: RUN_STATUSES, enumName: 'RunStatus', description: 'What has become of the run' })
  status!: RunStatus;
  @ApiProperty({ type: 'integer', description: 'The attempt that it is in now' }) attempt!: number;
}

@ApiForWorkers()
@Controller('api/internal/runs')
export class WorkerRunsController {
  constructor(
    private readonly claims: ClaimQueue,
    private readonly leases: LeaseService,
    private readonly deadlines: RunDeadlines,
  ) {}

  @Post('claim')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'claimRun',
    summary: 'Take a run',
    description:
      'Answers as soon as there is a run, the oldest first; among workers that wait, first come, first served. ' +
      `The worker holds the run for ${LEASE_SECONDS} s, and for as long again after each heartbeat. A claim without ` +
      `claimId must be used within ${UNUSED_LEASE_SECONDS} s, else the run returns to the queue. With WORKER=embedded ` +
      'only runs with executor external are handed out.',
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
  @ApiResponse({ status: 204, description: 'There was none in that time' })
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
    summary: 'Keep a run',
    description: `Prolongs the lease to ${LEASE_SECONDS} s from now. A 409 means that it is lost: end the work.`,
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
    summary: 'Hand a run back',
    description:
      'For a worker that stops. A run whose lease was never used returns to the queue as it was. Any other gets its ' +
      'next attempt at once, or ends as lost where `retry.maxAttempts` is used up.',
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
