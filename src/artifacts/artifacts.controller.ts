import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiProblems } from '../http/problem-responses';
import { ArtifactFiles } from './artifact-files';
import { beginRanged } from '../http/byte-range';
import { FILE_CONTENT, sendOpenFile, setDownloadHeaders } from '../http/file-download';
import type { Run } from '../runs/run';
import { RunPipe, runPaths } from '../runs/run.pipe';

@ApiTags('runs')
@Controller('api')
export class ArtifactsController {
  constructor(private readonly files: ArtifactFiles) {}

  @Get(runPaths('artifacts/:name'))
  @ApiOperation({ operationId: 'downloadArtifact', summary: 'Download an artifact of a run' })
  @ApiResponse({ status: 200, description: 'The file', content: FILE_CONTENT })
  @ApiResponse({
    status: 206,
    description: 'The part of the file requested by `Range`',
    content: FILE_CONTENT,
  })
  @ApiProblems('RUN_NOT_FOUND', 'ARTIFACT_NOT_FOUND', 'ARTIFACT_REMOVED', 'RANGE_NOT_SATISFIABLE')
  async download(
    @Param(RunPipe) run: Run,
    @Param('name') name: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { file, fileName, ...state } = await this.files.open(run, name);
    try {
      const range = beginRanged(request, setDownloadHeaders(response, fileName), state);
      if (range) await sendOpenFile(file, range, response);
    } finally {
      await file.close();
    }
  }
}
