import { Controller, Get, Inject, Req } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { asyncApiDocument } from './asyncapi';

@ApiTags('events')
@Controller('api/asyncapi.json')
export class AsyncApiController {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  @Get()
  @ApiOperation({
    operationId: 'getAsyncApi',
    summary: 'Get the event contract as an AsyncAPI 3 document with JSON Schemas',
    description: 'The same contract as a page: [/events/contract](/events/contract).',
  })
  @ApiResponse({
    status: 200,
    description: 'An AsyncAPI 3.0 document',
    schema: { type: 'object', additionalProperties: true },
  })
  read(@Req() { host, protocol }: Request): object {
    const { runEventsStream, runLogsStream, redisUrl } = this.config;
    return asyncApiDocument({ runEventsStream, runLogsStream, redisUrl, http: { host, protocol } });
  }
}
