import { Controller, Headers, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiProperty, ApiResponse } from '@nestjs/swagger';
import type { Request } from 'express';
import { ApiProblems } from '../../http/problem-responses';
import { WorkerReports } from '../worker-reports';
import { LeaseService } from '../lease-service';
import { ApiLeaseHeader, LEASE_HEADER } from './lease-header';
import { readLogBody } from './log-body';
import { ApiForWorkers } from './worker-key';

class LogAnswer {
  @ApiProperty({ description: 'False if the log is full (LOG_LIMIT_MB) and further lines are dropped' })
  accepting!: boolean;
}

@ApiForWorkers()
@Controller('api/internal/runs/:runId/logs')
export class WorkerLogsController {
  constructor(
    private readonly leases: LeaseService,
    private readonly reports: WorkerReports,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    operationId: 'appendLog',
    summary: 'Append lines to the log of a run',
    description:
      'Up to 10,000 lines and 16 MiB. A line whose `n` was already received in this attempt is dropped, so retries ' +
      'are safe. `workerId` and `attempt` are optional.',
  })
  @ApiLeaseHeader()
  @ApiBody({ schema: { $ref: '#/components/schemas/LogBody' } })
  @ApiResponse({ status: 202, type: LogAnswer })
  @ApiProblems('VALIDATION', 'RUN_NOT_FOUND', 'RUN_ALREADY_ENDED', 'LEASE_LOST', 'PAYLOAD_TOO_LARGE')
  async append(
    @Param('runId') runId: string,
    @Headers(LEASE_HEADER) leaseToken: string | undefined,
    @Req() request: Request,
  ): Promise<LogAnswer> {
    const { lines, ...said } = readLogBody(request.body);
    const run = await this.leases.held(runId, { ...said, leaseToken: leaseToken ?? null });
    return this.reports.appendLog(run.runId, run.attempt, lines);
  }
}
