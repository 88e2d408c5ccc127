import { Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RejectedEvents } from '../events/rejected-events';
import { ApiProblems } from '../problems/api-problems';
import { JobatoError } from '../problems/catalogue';
import { EventsQuery } from './run.requests';

class RejectedEventView {
  @ApiProperty() id!: number;
  @ApiProperty({ description: 'What is wrong with it' }) reason!: string;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, description: 'As received' })
  fields!: Record<string, string>;
  @ApiProperty({ format: 'date-time' }) rejectedAt!: string;
}

class RejectedEventPageView {
  @ApiProperty({ type: [RejectedEventView] }) items!: RejectedEventView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}

@ApiTags('events')
@Controller('api/events/rejected')
export class RejectedEventsController {
  constructor(private readonly rejected: RejectedEvents) {}

  @Get()
  @ApiOperation({ summary: 'Events that could not be applied, newest first' })
  @ApiResponse({ status: 200, type: RejectedEventPageView })
  async list(@Query() { limit, cursor }: EventsQuery): Promise<RejectedEventPageView> {
    const { items, nextCursor } = await this.rejected.list(limit, cursor);
    return {
      items: items.map(({ id, reason, fields, rejectedAt }) => ({ id, reason, fields, rejectedAt })),
      nextCursor,
    };
  }

  @Post(':id/redeliver')
  @HttpCode(202)
  @ApiOperation({ summary: 'Put the event on the stream again, as it came' })
  @ApiResponse({ status: 202 })
  @ApiProblems('REJECTED_EVENT_NOT_FOUND')
  async redeliver(@Param('id') id: string): Promise<void> {
    await this.rejected.redeliver(numberOf(id));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Throw the event away' })
  @ApiResponse({ status: 204 })
  @ApiProblems('REJECTED_EVENT_NOT_FOUND')
  async discard(@Param('id') id: string): Promise<void> {
    await this.rejected.discard(numberOf(id));
  }
}

function numberOf(id: string): number {
  if (/^\d{1,15}$/.test(id)) return Number(id);
  throw new JobatoError('REJECTED_EVENT_NOT_FOUND', `There is no rejected event "${id.slice(0, 100)}".`);
}
