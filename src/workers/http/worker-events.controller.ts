import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import {
  ApiBody,
  ApiExtraModels,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Request } from 'express';
import type { JsonObject } from '../../events/run-event';
import { ApiProblems } from '../../http/api-problems';
import { invalid } from '../../http/catalogue';
import { EventIntake, type TakenIn } from '../../runs/event-intake';
import { type HttpEnvelope, receivedEvent } from './http-envelope';
import { ApiForWorkers } from './worker-key';

const MAX_EVENTS = 500;

class RejectedView {
  @ApiProperty({ type: 'integer', description: 'Its place in the list that was sent, from 0' })
  index!: number;
  @ApiProperty({ description: 'What is wrong with it; LEASE_LOST for one that the holder did not send' })
  reason!: string;
}

class TakenInView implements TakenIn {
  @ApiProperty({
    type: 'integer',
    description: 'Recorded, also where they changed nothing: too late, or of an older attempt',
  })
  accepted!: number;
  @ApiProperty({ type: 'integer', description: 'Recorded before' }) duplicates!: number;
  @ApiProperty({
    type: [RejectedView],
    description:
      'Unusable ones are kept in /api/events/rejected. Those with LEASE_LOST are not, nor those that only the server ' +
      'publishes (run.requested, run.cancel.requested)',
  })
  rejected!: RejectedView[];
}

/**
 * For documentation only: the parser of stream entries validates events and accepts members that are not listed here.
 */
class EventEnvelope implements HttpEnvelope {
  @ApiProperty({ format: 'uuid' }) eventId!: string;
  @ApiProperty({ example: 'run.completed' }) eventType!: string;
  @ApiProperty({ type: 'integer', example: 1 }) eventVersion!: number;
  @ApiProperty({ format: 'date-time' }) occurredAt!: string;
  @ApiProperty({ format: 'uuid' }) runId!: string;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'At most 1 MiB' })
  payload!: JsonObject;
  @ApiPropertyOptional({
    description: 'Of the claim, where the attempt was claimed. It is neither stored nor published.',
  })
  leaseToken?: string;
}

const ONE_EVENT = { $ref: getSchemaPath(EventEnvelope) };

@ApiForWorkers()
@Controller('api/internal/events')
export class WorkerEventsController {
  constructor(private readonly intake: EventIntake) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    operationId: 'reportEvents',
    summary: 'Say what became of runs',
    description:
      `One event, or a list of up to ${MAX_EVENTS}, 16 MiB in all. They are applied in order and in one commit unless they are large, by ` +
      'what applies the events of the stream, and are not put onto it. The flat form of the stream ' +
      '(`eventVersion` "1", `payload` JSON text) is taken as well. An event that cannot be used, or is larger than ' +
      '1 MiB, is rejected by itself. To send the same again is safe.',
  })
  @ApiExtraModels(EventEnvelope)
  @ApiBody({ schema: { oneOf: [ONE_EVENT, { type: 'array', maxItems: MAX_EVENTS, items: ONE_EVENT }] } })
  @ApiResponse({ status: 202, type: TakenInView })
  @ApiProblems('VALIDATION', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE')
  async take(@Req() request: Request): Promise<TakenIn> {
    const body = request.body as object;
    const envelopes: unknown[] = Array.isArray(body) ? body : [body];
    if (envelopes.length > MAX_EVENTS) {
      throw invalid([
        { field: '', message: `must contain at most ${MAX_EVENTS} events, not ${envelopes.length}` },
      ]);
    }
    return this.intake.take(envelopes.map(receivedEvent));
  }
}
