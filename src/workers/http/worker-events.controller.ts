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
import { ApiProblems } from '../../http/problem-responses';
import { invalid } from '../../http/problem-catalogue';
import { EventIntake, type TakenIn } from '../../intake/event-intake';
import { type HttpEnvelope, receivedEvent } from './http-envelope';
import { ApiForWorkers } from './worker-key';
import { MAX_EVENTS_PER_CALL } from '../../events/asyncapi';

class RejectedView {
  @ApiProperty({ type: 'integer', description: 'Index of the event in the request, from 0' })
  index!: number;
  @ApiProperty({
    description: 'Why the event was rejected; LEASE_LOST if the lease token is missing or wrong',
  })
  reason!: string;
}

class TakenInView implements TakenIn {
  @ApiProperty({
    type: 'integer',
    description:
      'Number of recorded events, including those without effect because they are late or of an older attempt',
  })
  accepted!: number;
  @ApiProperty({ type: 'integer', description: 'Number of events that were already recorded' })
  duplicates!: number;
  @ApiProperty({
    type: [RejectedView],
    description:
      'Rejected events are stored in /api/events/rejected, except for LEASE_LOST and for types that only the server ' +
      'may publish (run.requested, run.cancel.requested)',
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
    description: 'leaseToken from the claim response, if the attempt was claimed. Never stored or published.',
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
    summary: 'Report events',
    description:
      `One event, or a list of up to ${MAX_EVENTS_PER_CALL} events and 16 MiB. Events are applied in order, and in one commit unless they are ` +
      'large, under the same rules as stream events. They are not added to the stream. The flat form of the stream ' +
      '(`eventVersion` "1", `payload` as JSON text) is also accepted. An invalid event, or one larger than ' +
      '1 MiB, is rejected without affecting the others. Retries are safe.',
  })
  @ApiExtraModels(EventEnvelope)
  @ApiBody({
    schema: { oneOf: [ONE_EVENT, { type: 'array', maxItems: MAX_EVENTS_PER_CALL, items: ONE_EVENT }] },
  })
  @ApiResponse({ status: 202, type: TakenInView })
  @ApiProblems('VALIDATION', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE')
  async take(@Req() request: Request): Promise<TakenIn> {
    const body = request.body as object;
    const envelopes: unknown[] = Array.isArray(body) ? body : [body];
    if (envelopes.length > MAX_EVENTS_PER_CALL) {
      throw invalid([
        { field: '', message: `must contain at most ${MAX_EVENTS_PER_CALL} events, not ${envelopes.length}` },
      ]);
    }
    return this.intake.take(envelopes.map(receivedEvent));
  }
}
