import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiProblems } from '../http/problem-responses';
import { ArtifactFiles } from './artifact-files';
import { beginRanged, type ByteRange } from '../http/byte-range';
import type { Run } from '../runs/run';
import { RunPipe, runPaths } from '../runs/run.pipe';

const FILE = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };

@ApiTags('runs')
@Controller('api')
export class ArtifactsController {
  constructor(private readonly files: ArtifactFiles) {}

  @Get(runPaths('artifacts/:name'))
  @ApiOperation({ operationId: 'downloadArtifact', summary: 'Download an artifact of a run' })
  @ApiResponse({ status: 200, description: 'The file', content: FILE })
  @ApiResponse({ status: 206, description: 'The part of the file requested by `Range`', content: FILE })
  @ApiProblems('RUN_NOT_FOUND', 'ARTIFACT_NOT_FOUND', 'ARTIFACT_REMOVED', 'RANGE_NOT_SATISFIABLE')
  async download(
    @Param(RunPipe) run: Run,
    @Param('name') name: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { file, fileName, ...state } = await this.files.open(run, name);
    try {
      const range = beginRanged(request, setHeaders(response, fileName), state);
      if (range) await send(file, range, response);
    } finally {
      await file.close();
    }
  }
}

/** Sets headers that force a download. A browser must never render a step's file as a page of this server. */
function setHeaders(response: Response, fileName: string): Response {
  response.attachment(fileName);
  response.setHeader('Content-Type', 'application/octet-stream');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Content-Security-Policy', "default-src 'none'; sandbox");
  response.setHeader('Cache-Control', 'private, no-store, no-transform');
  return response;
}

/** Sends the open file. Not `response.sendFile`, which opens a path: a step may put a link there after the check. */
async function send(file: FileHandle, { start, end }: ByteRange, response: Response): Promise<void> {
  // A file that grows is sent up to its announced length. A file that shrank aborts the response.
  const content = file.createReadStream({ start, end, autoClose: false });
  content.once('end', () => content.bytesRead < end - start + 1 && response.destroy());
  await pipeline(content, response).catch(() => response.destroy());
}
