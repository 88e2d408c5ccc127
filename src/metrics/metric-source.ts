import { DiscoveryService } from '@nestjs/core';

/** A provider that sets the current values of its metrics before each report. */
export interface MetricSource {
  observe(): void | Promise<void>;
}

/** Marks a provider as a `MetricSource`. Metrics that are counted as they happen need no source. */
export const Observed = DiscoveryService.createDecorator();
