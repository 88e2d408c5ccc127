import { Controller, Get, Res } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { register } from 'prom-client';
import { MetricSources } from './metric-sources';

/** Reports the metrics of all modules. */
@ApiTags('health')
@Controller()
export class MetricsController {
  /** `PrometheusModule` declares this controller, and does not import the providers of `MetricsModule`. */
  constructor(private readonly modules: ModuleRef) {}

  @Get()
  @ApiOperation({ operationId: 'getMetrics', summary: 'Get metrics in the Prometheus text format' })
  @ApiResponse({
    status: 200,
    description: 'The metrics',
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  async read(@Res() response: Response): Promise<void> {
    await this.modules.get(MetricSources, { strict: false }).observeAll();
    response.setHeader('Content-Type', register.contentType);
    response.end(await register.metrics());
  }
}
