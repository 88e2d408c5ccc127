import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsIn, IsInt, IsObject, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { PageQuery } from '../http/page-query';
import { TRIGGER_KINDS, type TriggeredBy } from './run';

/** A cursor that is a table position: 15 digits always stay a safe integer. */
const POSITION = /^\d{1,15}$/;
const NOT_A_CURSOR = { message: '$property must be a nextCursor value from a previous page' };

/**
 * `{scope?, params?}`: the options of a re-run. Descriptions state the defaults, because client generators treat a
 * member with a `default` as always present.
 */
export class RerunBody {
  @ApiPropertyOptional({
    description: 'full (the default), from:<step>, only:<step>, or a named scope of the project',
    maxLength: 200,
  })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  scope?: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description:
      'Values for the parameters of the project, each of its declared type: a JSON string, number, boolean, or list of ' +
      'strings for an array. A date is a string such as 2026-03-31. null is the same as no value: the default applies',
    example: { day: '2026-03-31', hosts: ['a.example', 'b.example'], dryRun: true },
  })
  // Take the raw value: class-transformer drops names such as "toString", and validation would not report them.
  @Transform(({ obj }: { obj: { params?: unknown } }) => obj.params)
  @IsOptional()
  @IsObject()
  params?: Record<string, unknown>;
}

export class TriggerBody extends RerunBody {
  @ApiPropertyOptional({
    enum: TRIGGER_KINDS,
    enumName: 'TriggeredBy',
    description: 'How the run was triggered. Default: api',
  })
  @IsOptional()
  @IsIn(TRIGGER_KINDS)
  triggeredBy?: TriggeredBy;
}

export class LogQuery {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    default: 0,
    description: 'Return lines after this sequence number',
  })
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  after: number = 0;

  @ApiPropertyOptional({
    minimum: 1,
    maximum: 10_000,
    default: 1000,
    description: 'For JSON: maximum number of lines per page; pages with long lines have fewer',
  })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(10_000)
  limit: number = 1000;

  @ApiPropertyOptional({
    enum: ['all', 'none'],
    default: 'all',
    description:
      'For the event stream: `none` sends `grown` events with the last sequence number instead of lines, and the visible text of unfinished lines',
  })
  @IsIn(['all', 'none'])
  lines: 'all' | 'none' = 'all';
}

export class EventsQuery extends PageQuery {
  @ApiPropertyOptional({ pattern: POSITION.source, description: 'nextCursor of the previous page' })
  @IsOptional()
  @Matches(POSITION, NOT_A_CURSOR)
  @MaxLength(15, NOT_A_CURSOR)
  cursor?: string;
}

export class LatestReportQuery {
  @ApiPropertyOptional({ maxLength: 200 })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  projectId?: string;
}
