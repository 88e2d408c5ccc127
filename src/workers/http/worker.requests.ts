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
import { READABLE_NAME } from '../../events/readable-name';
import type { Run } from '../../runs/run';

export const MAX_WAIT_SECONDS = 60;
const ATTEMPT = {
  type: 'integer',
  minimum: 1,
  description: 'The attempt that the request of the run named',
} as const;
const EXECUTORS: Run['executor'][] = ['steps', 'external'];

const MAX_NAME_LENGTH = 200;
const NAME = {
  type: 'string',
  minLength: 1,
  description: 'The name of the worker, its own choice; shown, and no proof',
  maxLength: MAX_NAME_LENGTH,
} as const;

const IsReadable = () =>
  Matches(new RegExp(READABLE_NAME, 'u'), { message: 'must not have control or invisible characters' });

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
      'A random UUID of this claim. Until the token is first used, the same id is given the same answer again: for an ' +
      'answer that was lost on its way.',
  })
  @IsOptional()
  @IsUUID()
  claimId?: string | null;

  @ApiPropertyOptional({
    type: [String],
    nullable: true,
    description:
      'Only runs of these projects. Without it: of any. Projects with steps are handed out only where the server ' +
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
    description: 'Only runs with this executor. Without it: with either.',
  })
  @IsOptional()
  @IsIn(EXECUTORS)
  executor?: Run['executor'] | null;

  @ApiPropertyOptional({
    minimum: 0,
    type: 'number',
    nullable: true,
    maximum: MAX_WAIT_SECONDS,
    description: 'How long to wait for a run, in seconds; 0 by default',
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
    description: 'For people, in the error of a run that ends by it',
    maxLength: 1000,
  })
  @IsOptional()
  @IsString()
  @MaxLength(1000)
  reason?: string | null;
}
