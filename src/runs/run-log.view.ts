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
  @ApiProperty({ type: 'integer', minimum: 1, description: 'Counts the lines of the run without gaps' })
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
    description: 'Pass as after for the next page; null on the last',
  })
  nextAfter!: number | null;
}

/** Documents the three response formats of a log. */
export const ApiLog = (operationId: string): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(LogPageView),
    ApiOperation({
      operationId,
      summary: "A run's log",
      description:
        'By `Accept`: `text/event-stream` follows it live (resume with `Last-Event-ID` or `after`), ' +
        '`application/json` pages through it, anything else gets the whole of it as text, or the part that `Range` names.',
    }),
    ApiHeader({
      name: 'Last-Event-ID',
      required: false,
      description: 'For the stream: the `id` of the last event received. It counts before `after`',
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
      description: 'The part of the text that `Range` names',
      content: { 'text/plain': { schema: { type: 'string' } } },
    }),
  );
