import { Controller, Delete, HttpCode, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../http/problem-responses';
import type { Run } from '../runs/run';
import { RunView } from '../runs/run-view';
import { RunPipe, runPaths } from '../runs/run.pipe';
import { RunsService } from '../runs/runs.service';
import { KeptRuns } from './kept-runs';

@ApiTags('runs')
@Controller('api')
export class KeptRunsController {
  constructor(
    private readonly kept: KeptRuns,
    private readonly service: RunsService,
  ) {}

  @Put(runPaths('pin'))
  @ApiOperation({
    operationId: 'pinRun',
    summary: 'Pin a run, so that retention keeps it with its log and its files',
  })
  @ApiResponse({ status: 200, type: RunView })
  @ApiProblems('RUN_NOT_FOUND')
  async pin(@Param(RunPipe) { runId }: Run): Promise<RunView> {
    return this.service.view(await this.kept.pin(runId, true));
  }

  @Delete(runPaths('pin'))
  @ApiOperation({ operationId: 'unpinRun', summary: 'Remove the pin of a run' })
  @ApiResponse({ status: 200, type: RunView })
  @ApiProblems('RUN_NOT_FOUND')
  async unpin(@Param(RunPipe) { runId }: Run): Promise<RunView> {
    return this.service.view(await this.kept.pin(runId, false));
  }

  @Delete(runPaths('record'))
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteRun',
    summary: 'Delete an ended run with its log, events and files',
    description:
      'The run is gone at once. Its rows and files are deleted in the background. Late events of the run are ' +
      'acknowledged and dropped.',
  })
  @ApiResponse({ status: 204, description: 'The run is deleted' })
  @ApiProblems('RUN_NOT_FOUND', 'RUN_NOT_ENDED', 'RUN_PINNED', 'RUN_HAS_RESULT', 'STORAGE_FULL')
  async delete(@Param(RunPipe) { runId }: Run): Promise<void> {
    await this.kept.delete(runId);
  }
}
