import { Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RejectedEvents } from '../events/rejected-events';
import { ApiProblems } from '../http/problem-responses';
import { JobatoError } from '../http/problem-catalogue';
import { EventsQuery } from '../runs/runs.dto';

class RejectedEventView {
  @ApiProperty({ type: 'integer' }) id!: number;
  @ApiProperty({ description: 'Why the event was rejected' }) reason!: string;
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'Fields as received',
  })
  fields!: Record<string, string>;
  @ApiProperty({ format: 'date-time' }) rejectedAt!: string;
  @ApiProperty({
    type: 'integer',
    nullable: true,
    description:
      'Original size in bytes if only the beginning of the event was stored; null if the event is complete',
  })
  receivedBytes!: number | null;
}

class RejectedEventPageView {
  @ApiProperty({ type: [RejectedEventView] }) items!: RejectedEventView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
  @ApiProperty({ type: 'integer', description: 'Number of stored rejected events, on all pages' })
  total!: number;
  @ApiProperty({
    type: 'integer',
    description:
      'Number of rejected events dropped to make room for newer ones; the limit is 10,000 events or 64 MiB',
  })
  dropped!: number;
}

@ApiTags('events')
@Controller('api/events/rejected')
export class RejectedEventsController {
  constructor(private readonly rejected: RejectedEvents) {}

  @Get()
  @ApiOperation({
    operationId: 'listRejectedEvents',
    summary: 'List rejected events, newest first',
    description: 'A page ends after `limit` events, or earlier after about 4 MiB.',
  })
  @ApiResponse({ status: 200, type: RejectedEventPageView })
  async list(@Query() { limit, cursor }: EventsQuery): Promise<RejectedEventPageView> {
    const [{ items, nextCursor }, { events, dropped }] = await Promise.all([
      this.rejected.list(limit, cursor === undefined ? undefined : Number(cursor)),
      this.rejected.totals(),
    ]);
    return {
      items: items.map(({ id, reason, fields, rejectedAt, receivedBytes }) => ({
        id,
        reason,
        fields,
        rejectedAt,
        receivedBytes,
      })),
      nextCursor,
      total: events,
      dropped,
    };
  }

  @Post(':id/redeliver')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'redeliverEvent',
    summary: 'Redeliver a rejected event to the stream, unchanged',
  })
  @ApiResponse({ status: 202 })
  @ApiProblems('REJECTED_EVENT_NOT_FOUND', 'REJECTED_EVENT_CUT')
  async redeliver(@Param('id') id: string): Promise<void> {
    await this.rejected.redeliver(numberOf(id));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ operationId: 'discardEvent', summary: 'Discard a rejected event' })
  @ApiResponse({ status: 204 })
  @ApiProblems('REJECTED_EVENT_NOT_FOUND')
  async discard(@Param('id') id: string): Promise<void> {
    await this.rejected.discard(numberOf(id));
  }
}

function numberOf(id: string): number {
  if (/^\d{1,15}$/.test(id)) return Number(id);
  throw new JobatoError('REJECTED_EVENT_NOT_FOUND', `Rejected event "${id.slice(0, 100)}" does not exist.`);
}
