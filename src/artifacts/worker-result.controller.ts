import { basename } from 'node:path';
import { Controller, Get, Headers, Param, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { beginRanged } from '../http/byte-range';
import { FILE_CONTENT, sendOpenFile, setDownloadHeaders } from '../http/file-download';
import { ApiProblems } from '../http/problem-responses';
import { LiveResults } from '../results/live-results';
import { ApiLeaseHeader } from '../workers/http/lease-header';
import { ApiForWorkers } from '../workers/http/worker-key';
import { LeaseService } from '../workers/lease-service';
import { ApiClaimantHeaders, claimantOf } from './claimant-headers';

@ApiForWorkers()
@Controller('api/internal/runs/:runId/current-result')
export class WorkerResultController {
  constructor(
    private readonly leases: LeaseService,
    private readonly results: LiveResults,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'downloadCurrentResult',
    summary: 'Download the live result that a run started with',
    description: "The file that `currentResult` of the run's `run.requested` names.",
  })
  @ApiLeaseHeader()
  @ApiClaimantHeaders()
  @ApiResponse({ status: 200, description: 'The file', content: FILE_CONTENT })
  @ApiProblems('VALIDATION', 'RUN_NOT_FOUND', 'RUN_ALREADY_ENDED', 'LEASE_LOST', 'RESULT_NOT_FOUND')
  async download(
    @Param('runId') runId: string,
    @Headers() headers: Record<string, string | undefined>,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const run = await this.leases.held(runId, claimantOf(headers));
    const { file, size, modifiedAt } = await this.results.openFile(run.currentResult);
    try {
      const name = basename(run.currentResult!);
      const state = { size, etag: `"${run.currentResult}"`, modifiedAt };
      const range = beginRanged(request, setDownloadHeaders(response, name), state);
      if (range) await sendOpenFile(file, range, response);
    } finally {
      await file.close();
    }
  }
}
