import { applyDecorators } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiProperty,
  ApiResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Instant } from '../clock/clock';
import { LOG_STREAMS, type LogLine, type LogStreamName } from '../logs/log-line';

export class LogLineView implements LogLine {
  @ApiProperty({
    type: 'integer',
    minimum: 1,
    description: 'Sequence number of the line within the run, from 1 without gaps',
  })
  seq!: number;
  @ApiProperty({ type: 'string', format: 'date-time' }) at!: Instant;
  @ApiProperty({ enum: LOG_STREAMS }) stream!: LogStreamName;
  @ApiProperty({ type: 'string', nullable: true }) step!: string | null;
  @ApiProperty() text!: string;
}

export class LogPageView {
  @ApiProperty({ type: [LogLineView] }) items!: LogLine[];
  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Pass as `after` to get the next page; null on the last page',
  })
  nextAfter!: number | null;
}

/** Documents the three response formats of a log. */
export const ApiLog = (operationId: string): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(LogPageView),
    ApiOperation({
      operationId,
      summary: 'Get the log of a run',
      description:
        'The format depends on `Accept`: `text/event-stream` follows the log live (resume with `Last-Event-ID` or `after`), ' +
        '`application/json` returns pages, and anything else returns the whole log as text, or the part requested by `Range`. ' +
        'The text of an active run ends with its unfinished lines; a part does not. The event `line` has no id and carries ' +
        '`{step, stream, text}` of an unfinished or overwritten line. It replaces the previous one of that step and stream, ' +
        'and the next `log` event of both replaces it. An empty text removes it.',
    }),
    ApiHeader({
      name: 'Last-Event-ID',
      required: false,
      description: 'For the event stream: the `id` of the last event received. Takes precedence over `after`',
      schema: { type: 'string', pattern: '^\\d{1,15}$' },
    }),
    ApiResponse({
      status: 200,
      description: 'The log',
      content: {
        'text/plain': { schema: { type: 'string' } },
        'application/json': { schema: { $ref: getSchemaPath(LogPageView) } },
        'text/event-stream': {
          schema: { type: 'string', description: 'Events `log`, `run`, `line` and `end`; data is JSON' },
        },
      },
    }),
    ApiResponse({
      status: 206,
      description: 'The part of the text requested by `Range`',
      content: { 'text/plain': { schema: { type: 'string' } } },
    }),
  );
