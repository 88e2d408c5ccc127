import { Controller, Get, Inject, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Config } from '../../config/config';
import { CONFIG } from '../../config/config.module';
import { componentName, EVENT_TYPES } from '../../events/asyncapi';
import { DELIVERY_RULES } from '../../events/asyncapi-rules';
import { streamEntrySchema } from '../../events/envelope-schema';
import { EVENT_EXAMPLES } from '../../events/event-examples';
import { PAYLOAD_SCHEMAS } from '../../events/event-schemas';
import { describedPayloadSchema, EVENT_DESCRIPTIONS } from '../../events/event-descriptions';
import { PageFrames } from '../page/page-frame';
import { View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { schemaRows } from './schema-rows';

/** The content of /api/asyncapi.json as a page. */
@ApiExcludeController()
@Controller('events/contract')
@UseInterceptors(ViewInterceptor)
export class EventContractPageController {
  constructor(
    private readonly frames: PageFrames,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  async page(): Promise<View> {
    return new View('event-contract/page', {
      frame: await this.frames.frame('Event contract', '/events/contract'),
      stream: this.config.runEventsStream,
      rules: DELIVERY_RULES,
      envelope: schemaRows(streamEntrySchema(EVENT_TYPES)),
      events: EVENT_TYPES.map((type) => ({
        type,
        anchor: componentName(type),
        sender: EVENT_DESCRIPTIONS[type].sentBy === 'jobato' ? 'Jobato → worker' : 'worker → Jobato',
        summary: EVENT_DESCRIPTIONS[type].summary,
        members: schemaRows(describedPayloadSchema(type, PAYLOAD_SCHEMAS[type])),
        example: JSON.stringify(EVENT_EXAMPLES[type].payload, null, 2),
      })),
    });
  }
}
