import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsISO8601,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { RUN_STATUSES, type RunStatus, TRIGGER_KINDS, type TriggeredBy } from './run';

const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

/** `{scope?, params?}`: what a re-run may change. */
export class RerunBody {
  @ApiPropertyOptional({
    description: 'full, from:<step>, only:<step>, or one that the project names',
    default: 'full',
  })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  scope?: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'As the project declares them',
  })
  // As it was sent: class-transformer leaves out names such as "toString", which then nobody complains about.
  @Transform(({ obj }: { obj: { params?: unknown } }) => obj.params)
  @IsOptional()
  @IsObject()
  params?: Record<string, unknown>;
}

export class TriggerBody extends RerunBody {
  @ApiPropertyOptional({ enum: TRIGGER_KINDS, default: 'api' })
  @IsOptional()
  @IsIn(TRIGGER_KINDS)
  triggeredBy?: TriggeredBy;
}

export class PageQuery {
  @ApiPropertyOptional({ minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_PAGE)
  limit: number = DEFAULT_PAGE;
}

export class ProjectRunsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: RUN_STATUSES })
  @IsOptional()
  @IsIn(RUN_STATUSES)
  status?: RunStatus;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(200)
  scope?: string;

  @ApiPropertyOptional({ enum: TRIGGER_KINDS })
  @IsOptional()
  @IsIn(TRIGGER_KINDS)
  triggeredBy?: TriggeredBy;

  @ApiPropertyOptional({ format: 'date-time', description: 'Started at this time or later' })
  @IsOptional()
  @IsISO8601({ strict: true })
  from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Started at this time or earlier' })
  @IsOptional()
  @IsISO8601({ strict: true })
  to?: string;

  @ApiPropertyOptional({ description: 'The nextCursor of the page before' })
  @IsOptional()
  @IsUUID()
  cursor?: string;
}

export class RunsQuery extends ProjectRunsQuery {
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(200)
  projectId?: string;
}

export class LogQuery {
  @ApiPropertyOptional({ minimum: 0, default: 0, description: 'Lines after this sequence number' })
  @Type(() => Number)
  @IsInt()
  @Min(0)
  after: number = 0;

  @ApiPropertyOptional({ minimum: 1, maximum: 10_000, default: 1000, description: 'For JSON: lines a page' })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(10_000)
  limit: number = 1000;
}

export class EventsQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'The nextCursor of the page before' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  cursor?: number;
}

export class LatestReportQuery {
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(200)
  projectId?: string;
}

/** What was filtered by, without the paging. */
export function toRunFilter({ status, scope, triggeredBy, from, to }: ProjectRunsQuery) {
  return {
    status,
    scope,
    triggeredBy,
    fromMs: from === undefined ? undefined : Date.parse(from),
    toMs: to === undefined ? undefined : Date.parse(to),
  };
}
