import { Controller, Headers, HttpCode, Inject, Param, Put, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { withBasePath } from '../config/base-path';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { ApiProblems } from '../http/problem-responses';
import { moveBodyDeadline } from '../http/body-deadline';
import { JobatoError } from '../http/problem-catalogue';
import { ArtifactUploads } from './artifact-uploads';
import { ApiClaimantHeaders, claimantOf } from './claimant-headers';
import { ArtifactView } from '../runs/run-parts.view';
import { artifactHref } from '../runs/run-view';
import { ApiLeaseHeader } from '../workers/http/lease-header';
import { ApiForWorkers } from '../workers/http/worker-key';

@ApiForWorkers()
@Controller('api/internal/runs/:runId/artifacts')
export class WorkerArtifactsController {
  constructor(
    private readonly uploads: ArtifactUploads,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Put(':name')
  @HttpCode(201)
  @ApiOperation({
    operationId: 'uploadArtifact',
    summary: 'Upload an artifact',
    description:
      'The body is the file, of any type, up to ARTIFACT_LIMIT_MB. The name is a relative path with its slashes ' +
      'percent-encoded. A complete upload replaces an existing file of that name. An upload may take up to ' +
      'UPLOAD_TIMEOUT_SECONDS. After UPLOAD_IDLE_SECONDS without data it ends with 408. A run can have four ' +
      'concurrent uploads; further ones return 503. When the lease or the run ends, its uploads end with 409.',
  })
  @ApiLeaseHeader()
  @ApiClaimantHeaders()
  @ApiConsumes('application/octet-stream')
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiResponse({ status: 201, type: ArtifactView })
  @ApiProblems(
    'VALIDATION',
    'RUN_NOT_FOUND',
    'RUN_ALREADY_ENDED',
    'LEASE_LOST',
    'REQUEST_TIMEOUT',
    'PAYLOAD_TOO_LARGE',
    'UNSUPPORTED_MEDIA_TYPE',
    'SERVER_BUSY',
    'STORAGE_FULL',
  )
  async upload(
    @Param('runId') runId: string,
    @Param('name') name: string,
    @Headers() headers: Record<string, string | undefined>,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ArtifactView> {
    // Access was checked before this point, and a large file may take longer than other bodies.
    moveBodyDeadline(request, this.config.uploadTimeoutMs);
    try {
      const encoding = headers['content-encoding'] ?? 'identity';
      if (encoding.toLowerCase() !== 'identity') {
        throw new JobatoError(
          'UNSUPPORTED_MEDIA_TYPE',
          'Compressed uploads are not supported. Send the file without Content-Encoding.',
        );
      }
      const announced = headers['content-length'];
      const taken = await this.uploads.take(runId, name, claimantOf(headers), {
        // Keep the request open after the loop: the response to an oversized file uses the same connection.
        bytes: request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>,
        announcedBytes: announced === undefined ? null : Number(announced),
      });
      const href = withBasePath(artifactHref(taken.runId, taken.artifact.name), this.config.basePath);
      response.location(href);
      return { ...taken.artifact, href };
    } finally {
      // Drain the body, because many clients read no response before they have sent everything.
      request.resume();
      moveBodyDeadline(request, this.config.requestTimeoutMs);
    }
  }
}
