import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { READABLE_NAME } from '../../schemas/readable-name';
import type { Run } from '../../runs/run';

export const MAX_WAIT_SECONDS = 60;
const ATTEMPT = {
  type: 'integer',
  minimum: 1,
  description: 'Attempt number from run.requested',
} as const;
const EXECUTORS: Run['executor'][] = ['steps', 'external'];

const MAX_NAME_LENGTH = 200;
const NAME = {
  type: 'string',
  minLength: 1,
  description: 'Name that the worker chooses for itself. For display only; it does not prove the lease',
  maxLength: MAX_NAME_LENGTH,
} as const;

const IsReadable = () =>
  Matches(new RegExp(READABLE_NAME, 'u'), { message: 'must not contain control or invisible characters' });

class WorkerBody {
  @ApiProperty(NAME)
  @IsString()
  @IsReadable()
  @IsNotEmpty()
  @MaxLength(MAX_NAME_LENGTH)
  workerId!: string;
}

export class ClaimBody extends WorkerBody {
  @ApiPropertyOptional({
    type: 'string',
    nullable: true,
    format: 'uuid',
    description:
      'Random UUID of this claim. Until the lease token is first used, a retry with the same claimId returns the same response. ' +
      'Use it to retry after a lost response.',
  })
  @IsOptional()
  @IsUUID()
  claimId?: string | null;

  @ApiPropertyOptional({
    type: [String],
    nullable: true,
    description:
      'Claim only runs of these projects. Default: all projects. Runs of projects with steps are assigned only if the server ' +
      'has WORKER=off.',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(1000)
  @IsString({ each: true })
  @MaxLength(200, { each: true })
  projectIds?: string[] | null;

  @ApiPropertyOptional({
    type: 'string',
    nullable: true,
    enum: EXECUTORS,
    description: 'Claim only runs with this executor. Default: both.',
  })
  @IsOptional()
  @IsIn(EXECUTORS)
  executor?: Run['executor'] | null;

  @ApiPropertyOptional({
    minimum: 0,
    type: 'number',
    nullable: true,
    maximum: MAX_WAIT_SECONDS,
    description: 'Seconds to wait for a run. Default: 0',
  })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(MAX_WAIT_SECONDS)
  waitSeconds?: number | null;
}

export class HeartbeatBody extends WorkerBody {
  @ApiProperty(ATTEMPT)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  attempt!: number;
}

export class ReleaseBody {
  @ApiPropertyOptional({ ...NAME, nullable: true })
  @IsOptional()
  @IsString()
  @IsReadable()
  @IsNotEmpty()
  @MaxLength(MAX_NAME_LENGTH)
  workerId?: string | null;

  @ApiProperty(ATTEMPT)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  attempt!: number;

  @ApiPropertyOptional({
    type: 'string',
    nullable: true,
    description: 'Reason to show in the error if this release ends the run',
    maxLength: 1000,
  })
  @IsOptional()
  @IsString()
  @MaxLength(1000)
  reason?: string | null;
}
