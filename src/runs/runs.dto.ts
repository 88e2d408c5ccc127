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
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { PageQuery } from '../http/page-query';
import { RUN_STATUSES, type RunStatus, TRIGGER_KINDS, type TriggeredBy } from './run';

/** The part of ISO 8601 that RFC 3339 and `Date` both accept: no week dates, no ordinal dates. */
const DATE_OR_TIME = /^\d{4}-\d{2}-\d{2}(T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/;
const DATE_OR_TIME_SCHEMA = { type: 'string', example: '2026-01-31T22:00:00Z', maxLength: 40 } as const;
const NOT_A_TIME = { message: '$property must be a date or time such as 2026-01-31T22:00:00Z' };

/** A cursor that is a table position: 15 digits always stay a safe integer. */
const POSITION = /^\d{1,15}$/;
const NOT_A_CURSOR = { message: '$property must be a nextCursor value from a previous page' };

/** Both cases, because clients may print ids in upper case. */
const PART_OF_ID = /^[0-9A-Fa-f-]{4,36}$/;

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

export class ProjectRunsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: RUN_STATUSES, enumName: 'RunStatus' })
  @IsOptional()
  @IsIn(RUN_STATUSES)
  status?: RunStatus;

  @ApiPropertyOptional({ maxLength: 200 })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  scope?: string;

  @ApiPropertyOptional({ enum: TRIGGER_KINDS, enumName: 'TriggeredBy' })
  @IsOptional()
  @IsIn(TRIGGER_KINDS)
  triggeredBy?: TriggeredBy;

  @ApiPropertyOptional({
    maxLength: 200,
    description: 'Exact name of the schedule or of the user that started the run',
  })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  triggeredByName?: string;

  @ApiPropertyOptional({ ...DATE_OR_TIME_SCHEMA, description: 'Started at this time or later' })
  @IsOptional()
  @IsISO8601({ strict: true }, NOT_A_TIME)
  @Matches(DATE_OR_TIME, NOT_A_TIME)
  @MaxLength(40)
  from?: string;

  @ApiPropertyOptional({ ...DATE_OR_TIME_SCHEMA, description: 'Started at this time or earlier' })
  @IsOptional()
  @IsISO8601({ strict: true }, NOT_A_TIME)
  @Matches(DATE_OR_TIME, NOT_A_TIME)
  @MaxLength(40)
  to?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'nextCursor of the previous page' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.toLowerCase() : value))
  @IsUUID()
  cursor?: string;
}

export class RunsQuery extends ProjectRunsQuery {
  @ApiPropertyOptional({ maxLength: 200 })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  projectId?: string;

  @ApiPropertyOptional({
    pattern: PART_OF_ID.source,
    maxLength: 36,
    example: '2c8d-611f',
    description: 'A part of the id, at least 4 characters. Only the newest 10,000 runs are searched',
  })
  @IsOptional()
  @MaxLength(36)
  @Matches(PART_OF_ID, { message: '$property must be 4 to 36 characters of an id: 0-9, a-f and -' })
  id?: string;
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

/** Returns the filter of a query, without paging. */
export function toRunFilter({ status, scope, triggeredBy, triggeredByName, from, to }: ProjectRunsQuery) {
  return {
    status,
    scope,
    triggeredBy,
    triggeredByName,
    fromMs: from === undefined ? undefined : epochMs(from),
    toMs: to === undefined ? undefined : epochMs(to),
  };
}

/**
 * Parses a time to epoch milliseconds. A time without a zone is UTC, like every time in responses; `Date` would use the
 * server's zone.
 */
function epochMs(time: string): number {
  return Date.parse(/T.*(Z|[+-]\d{2}:\d{2})$/.test(time) || !time.includes('T') ? time : `${time}Z`);
}
