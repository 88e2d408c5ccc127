import { ApiProperty } from '@nestjs/swagger';
import { basename } from 'node:path';
import { IsString, MaxLength } from 'class-validator';
import type { Instant } from '../clock/clock';
import type { ResultEntity } from './result.entities';
import type { LiveResult } from './result.repository';

/** A kept result in API responses. */
export class ResultView {
  @ApiProperty({ format: 'uuid' }) runId!: string;
  @ApiProperty({ type: 'integer', description: 'Number of the run' }) number!: number;
  @ApiProperty() projectId!: string;
  @ApiProperty({ description: 'Name of the file', example: 'results.db' }) name!: string;
  @ApiProperty({ type: 'integer', description: 'Size in bytes' }) size!: number;
  @ApiProperty({ type: 'string', format: 'date-time', description: 'When the run ended' })
  madeAt!: Instant;
  @ApiProperty({ description: 'Whether this result is live' }) live!: boolean;
}

export class LiveResultView extends ResultView {
  @ApiProperty({ type: 'string', format: 'date-time', description: 'Since when it is live' })
  since!: Instant;
  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'Who went back to it; null if it went live with its run',
  })
  chosenBy!: string | null;
  @ApiProperty({ description: 'Path of the file, relative to DATA_DIR, as in the pointers' }) path!: string;
  @ApiProperty({ description: 'Download path' }) href!: string;
}

export class ResultListView {
  @ApiProperty({ type: [ResultView], description: 'Newest first' }) items!: ResultView[];
}

export class GoBackBody {
  @ApiProperty({ format: 'uuid', description: 'The run whose result becomes live' })
  @IsString()
  @MaxLength(100)
  runId!: string;
}

export function resultView(result: ResultEntity, live: LiveResult | null): ResultView {
  const { runId, number, projectId, file, size, madeAt } = result;
  const isLive = live?.position === result.position;
  return { runId, number, projectId, name: basename(file), size, madeAt, live: isLive };
}

/** @param basePath prefix of the download path */
export function liveResultView(live: LiveResult, basePath: string): LiveResultView {
  const { since, chosenBy, file, projectId } = live;
  return {
    ...resultView(live, live),
    since,
    chosenBy,
    path: file,
    href: `${basePath}/api/projects/${projectId}/result/file`,
  };
}
