import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { register } from 'prom-client';
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
export class MetricsModule implements OnApplicationShutdown {
  /** The registry belongs to the process. A second server in the process, as in tests, starts to count at 0. */
  onApplicationShutdown(): void {
    register.resetMetrics();
  }
}
