import { Controller, Get, Res } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import type { Response } from 'express';
import { MetricSources } from './metric-sources';

/** Reports the metrics of all modules. */
@ApiTags('health')
@Controller()
export class MetricsController extends PrometheusController {
  /** `PrometheusModule` declares this controller, and does not import the providers of `MetricsModule`. */
  constructor(private readonly modules: ModuleRef) {
    super();
  }

  @Get()
  @ApiOperation({ operationId: 'getMetrics', summary: 'Get metrics in the Prometheus text format' })
  @ApiResponse({
    status: 200,
    description: 'The metrics',
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  override async index(@Res() response: Response): Promise<string> {
    await this.modules.get(MetricSources, { strict: false }).observeAll();
    const text = await super.index(response);
    response.end(text); // `send` would change the content type that the client library gives
    return text;
  }
}
