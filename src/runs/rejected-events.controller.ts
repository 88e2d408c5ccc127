import { Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RejectedEvents } from '../events/rejected-events';
import { ApiProblems } from '../http/api-problems';
import { JobatoError } from '../http/catalogue';
import { EventsQuery } from './run.requests';

class RejectedEventView {
  @ApiProperty({ type: 'integer' }) id!: number;
  @ApiProperty({ description: 'What is wrong with it' }) reason!: string;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, description: 'As received' })
  fields!: Record<string, string>;
  @ApiProperty({ format: 'date-time' }) rejectedAt!: string;
  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Size of an event that was too large to be kept whole, in bytes; null for one that is whole',
  })
  receivedBytes!: number | null;
}

class RejectedEventPageView {
  @ApiProperty({ type: [RejectedEventView] }) items!: RejectedEventView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
  @ApiProperty({ type: 'integer', description: 'How many are kept, on all pages' }) total!: number;
  @ApiProperty({
    type: 'integer',
    description: 'How many were dropped for newer ones: 10,000 or 64 MiB are kept',
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
    summary: 'Events that could not be applied, newest first',
    description: 'A page ends after `limit` events or about 4 MiB, whichever comes first.',
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
  @ApiOperation({ operationId: 'redeliverEvent', summary: 'Put the event on the stream again, as it came' })
  @ApiResponse({ status: 202 })
  @ApiProblems('REJECTED_EVENT_NOT_FOUND', 'REJECTED_EVENT_CUT')
  async redeliver(@Param('id') id: string): Promise<void> {
    await this.rejected.redeliver(numberOf(id));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ operationId: 'discardEvent', summary: 'Throw the event away' })
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
