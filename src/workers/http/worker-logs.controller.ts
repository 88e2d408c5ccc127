import { Controller, Headers, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiProperty, ApiResponse } from '@nestjs/swagger';
import type { Request } from 'express';
import { ApiProblems } from '../../http/api-problems';
import { WorkerReports } from '../worker-reports';
import { LeaseService } from '../lease-service';
import { ApiLeaseHeader, LEASE_HEADER } from './lease-header';
import { readLogBody } from './log-body';
import { ApiForWorkers } from './worker-key';

class LogAnswer {
  @ApiProperty({ description: 'False: the log is full (LOG_LIMIT_MB), and nothing more of it is kept' })
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
    summary: "Add lines to a run's log",
    description:
      'Up to 10,000 lines, 16 MiB in all. A line whose `n` was seen in this attempt is dropped, so to send the same ' +
      'again is safe. `workerId` and `attempt` may be left out.',
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
