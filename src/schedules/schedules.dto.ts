import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsISO8601, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { PageQuery } from '../http/page-query';

const NOT_A_CURSOR = { message: '$property must be a nextCursor value from a previous page' };
/** With a zone: a pause must not end at another time than the one that was meant. */
const TIME = /^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;
const NOT_A_TIME = { message: '$property must be a time with a zone, such as 2026-01-31T22:00:00Z' };

export class PauseBody {
  @ApiPropertyOptional({ maxLength: 500, description: 'Shown on every page while the pause is in force' })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  reason?: string;

  @ApiPropertyOptional({
    type: 'string',
    format: 'date-time',
    maxLength: 40,
    example: '2026-01-31T22:00:00Z',
    description: 'When the pause ends. Default: when it is removed',
  })
  @IsOptional()
  @IsISO8601({ strict: true }, NOT_A_TIME)
  @Matches(TIME, NOT_A_TIME)
  @MaxLength(40)
  until?: string;
}

export class SchedulesQuery extends PageQuery {
  @ApiPropertyOptional({ maxLength: 200, description: 'nextCursor of the previous page' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  cursor?: string;
}

export class ScheduleRecordsQuery extends PageQuery {
  @ApiPropertyOptional({ maxLength: 200, description: 'Name of a schedule of the project' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  schedule?: string;

  @ApiPropertyOptional({ maxLength: 200, description: 'nextCursor of the previous page' })
  @IsOptional()
  @Matches(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z~/, NOT_A_CURSOR)
  @MaxLength(200, NOT_A_CURSOR)
  cursor?: string;
}
