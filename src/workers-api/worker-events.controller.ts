import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiProperty, ApiResponse } from '@nestjs/swagger';
import type { Request } from 'express';
import { ApiProblems } from '../problems/api-problems';
import { invalid } from '../problems/catalogue';
import { EventIntake, type TakenIn } from '../runs/event-intake';
import { receivedEvent } from './http-envelope';
import { ApiForWorkers } from './worker-key';

const MAX_EVENTS = 500;

class RejectedView {
  @ApiProperty({ description: 'Its place in the list that was sent, from 0' }) index!: number;
  @ApiProperty({ description: 'What is wrong with it; LEASE_LOST for one that the holder did not send' })
  reason!: string;
}

class TakenInView implements TakenIn {
  @ApiProperty({ description: 'Recorded, also where they changed nothing: too late, or of an older attempt' })
  accepted!: number;
  @ApiProperty({ description: 'Recorded before' }) duplicates!: number;
  @ApiProperty({
    type: [RejectedView],
    description:
      'Unusable ones are kept in /api/events/rejected. Those with LEASE_LOST are not, nor those that only the server ' +
      'publishes (run.requested, run.cancel.requested)',
  })
  rejected!: RejectedView[];
}

const ENVELOPE = {
  type: 'object',
  required: ['eventId', 'eventType', 'eventVersion', 'occurredAt', 'runId', 'payload'],
  properties: {
    eventId: { type: 'string', format: 'uuid' },
    eventType: { type: 'string', example: 'run.completed' },
    eventVersion: { type: 'integer', example: 1 },
    occurredAt: { type: 'string', format: 'date-time' },
    runId: { type: 'string', format: 'uuid' },
    payload: { type: 'object', additionalProperties: true, description: 'At most 1 MiB' },
    leaseToken: {
      type: 'string',
      description: 'Of the claim, where the attempt was claimed. It is neither stored nor published.',
    },
  },
};

@ApiForWorkers()
@Controller('api/internal/events')
export class WorkerEventsController {
  constructor(private readonly intake: EventIntake) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    summary: 'Say what became of runs',
    description:
      `One event, or a list of up to ${MAX_EVENTS}, 16 MiB in all. They are applied in order and in one commit, by ` +
      'what applies the events of the stream, and are not put onto it. The flat form of the stream ' +
      '(`eventVersion` "1", `payload` JSON text) is taken as well. An event that cannot be used, or is larger than ' +
      '1 MiB, is rejected by itself. To send the same again is safe.',
  })
  @ApiBody({ schema: { oneOf: [ENVELOPE, { type: 'array', maxItems: MAX_EVENTS, items: ENVELOPE }] } })
  @ApiResponse({ status: 202, type: TakenInView })
  @ApiProblems('VALIDATION', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE')
  async take(@Req() request: Request): Promise<TakenIn> {
    const body = request.body as object;
    const envelopes: unknown[] = Array.isArray(body) ? body : [body];
    if (envelopes.length > MAX_EVENTS) {
      throw invalid([
        { field: '', message: `must be at most ${MAX_EVENTS} events, not ${envelopes.length}` },
      ]);
    }
    return this.intake.take(envelopes.map(receivedEvent));
  }
}
