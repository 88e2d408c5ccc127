import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  IsIn,
  IsISO8601,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  MaxLength,
  MinLength,
} from 'class-validator';
import { PageQuery } from '../http/page-query';
import { RUN_STATUSES, type RunStatus, TRIGGER_KINDS, type TriggeredBy } from '../runs/run';
import type { HistoryFilter } from './history-filter';

/** The part of ISO 8601 that RFC 3339 and `Date` both accept: no week dates, no ordinal dates. */
const DATE_OR_TIME = /^\d{4}-\d{2}-\d{2}(T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/;
const DATE_OR_TIME_SCHEMA = { type: 'string', example: '2026-01-31T22:00:00Z', maxLength: 40 } as const;
const NOT_A_TIME = { message: '$property must be a date or time such as 2026-01-31T22:00:00Z' };

/** Both cases, because clients may print ids in upper case. */
const PART_OF_ID = /^[0-9A-Fa-f-]{4,36}$/;

const MAX_SEARCH = 200;

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

  @ApiPropertyOptional({
    minLength: 1,
    maxLength: MAX_SEARCH,
    example: 'report.csv',
    description: 'A part of the name of an artifact, in any case',
  })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(MAX_SEARCH)
  artifact?: string;

  @ApiPropertyOptional({
    minLength: 1,
    maxLength: MAX_SEARCH,
    example: 'timeout',
    description:
      'Number of the run (`#14` finds nothing else), start of its id (at least 4 characters), or a part of: the name or value of a parameter, the ' +
      'code or message of the error, the name of an artifact, `statusReason`, `workerId` or `triggeredByName`. The ' +
      'case does not matter, and no character is a wildcard. Values of secret parameters are never found',
  })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(MAX_SEARCH)
  q?: string;

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

/** Returns the filter of a query, without paging. */
export function toFilter(query: ProjectRunsQuery): HistoryFilter {
  const { status, scope, triggeredBy, triggeredByName, from, to, artifact, q: text } = query;
  return {
    status,
    scope,
    triggeredBy,
    triggeredByName,
    artifact,
    text,
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
