import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ArtifactFiles } from '../../artifacts/artifact-files';
import { readStart } from '../../files/read-start';
import { beginRanged } from '../../http/byte-range';
import { sendOpenFile, setDownloadHeaders } from '../../http/file-download';
import { JobatoError } from '../../http/problem-catalogue';
import type { Run } from '../../runs/run';
import { RunPipe, runPaths } from '../../runs/run.pipe';
import { pictureType, SIGNATURE_BYTES } from './file-type';

/**
 * The policy of a picture that is opened by its own address. SVG may then run no script and load nothing. It keeps its
 * own styles, which `<img>` shows, too.
 */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/** Serves artifacts with the media type of a picture, for `<img>` in a preview. Downloads have no such type. */
@ApiExcludeController()
@Controller(runPaths('artifacts'))
export class ArtifactPictureController {
  constructor(private readonly files: ArtifactFiles) {}

  @Get(':name/picture')
  async picture(
    @Param(RunPipe) run: Run,
    @Param('name') name: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { file, fileName, ...state } = await this.files.open(run, name);
    try {
      const type = pictureType(name, await readStart(file, state.size, SIGNATURE_BYTES));
      if (type === null) throw new JobatoError('ARTIFACT_NOT_FOUND', 'This artifact is not a picture.');
      setDownloadHeaders(response, fileName);
      response.setHeader('Content-Type', type);
      response.setHeader('Content-Security-Policy', POLICY);
      const range = beginRanged(request, response, state);
      if (range) await sendOpenFile(file, range, response);
    } finally {
      await file.close();
    }
  }
}
