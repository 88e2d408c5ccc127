import { pipeline } from 'node:stream/promises';
import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiProblems } from '../problems/api-problems';
import { ArtifactFiles } from './artifact-files';
import { RunQueries } from './run-queries';

@ApiTags('runs')
@Controller('api/runs/:runId/artifacts')
export class ArtifactsController {
  constructor(
    private readonly queries: RunQueries,
    private readonly files: ArtifactFiles,
  ) {}

  @Get(':name')
  @ApiOperation({ operationId: 'downloadArtifact', summary: 'Download what a run made' })
  @ApiResponse({
    status: 200,
    description: 'The file',
    content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
  })
  @ApiProblems('RUN_NOT_FOUND', 'ARTIFACT_NOT_FOUND')
  async download(
    @Param('runId') runId: string,
    @Param('name') name: string,
    @Res() response: Response,
  ): Promise<void> {
    const { file, size, fileName } = await this.files.open(await this.queries.get(runId), name);
    // A file that a step wrote is never shown as a page of ours: it is handed over as a file.
    response.attachment(fileName);
    response.setHeader('Content-Type', 'application/octet-stream');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Content-Security-Policy', "default-src 'none'; sandbox");
    response.setHeader('Content-Length', String(size));
    if (size === 0) {
      await file.close();
      response.end();
      return;
    }
    // A file that still grows is sent as long as it was said to be, and one that has shrunk breaks off.
    const content = file.createReadStream({ start: 0, end: size - 1 });
    content.once('end', () => content.bytesRead < size && response.destroy());
    await pipeline(content, response).catch(() => response.destroy());
  }
}
