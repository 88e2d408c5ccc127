import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  IsArray,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
} from 'class-validator';

export const MAX_WAIT_SECONDS = 60;

class WorkerBody {
  @ApiProperty({ description: 'The name by which the worker is known, its own choice', maxLength: 200 })
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  workerId!: string;
}

export class ClaimBody extends WorkerBody {
  @ApiPropertyOptional({
    type: [String],
    description:
      'The projects that it carries out, whatever their executor. Without it: every project with ' +
      '`executor: external`, and those with steps as well where the server has WORKER=off.',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(1000)
  @IsString({ each: true })
  @MaxLength(200, { each: true })
  projectIds?: string[] | null;

  @ApiPropertyOptional({
    minimum: 0,
    maximum: MAX_WAIT_SECONDS,
    default: 0,
    description: 'How long to wait for a run',
  })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(MAX_WAIT_SECONDS)
  waitSeconds?: number | null;
}

export class HeartbeatBody extends WorkerBody {
  @ApiProperty({ minimum: 1, description: 'The attempt that the request of the run named' })
  @IsInt()
  @Min(1)
  attempt!: number;
}

export class ReleaseBody extends HeartbeatBody {
  @ApiPropertyOptional({ description: 'For people, in the error of a run that ends by it', maxLength: 1000 })
  @IsOptional()
  @IsString()
  @MaxLength(1000)
  reason?: string | null;
}
