import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { MetricSources } from './metric-sources';
import { MetricsController } from './metrics.controller';

/** Serves metrics. Each module provides its own, with the `make…Provider` functions of nestjs-prometheus. */
@Module({
  imports: [
    DiscoveryModule,
    PrometheusModule.register({ path: 'api/metrics', controller: MetricsController }),
  ],
  providers: [MetricSources],
})
export class MetricsModule {}
