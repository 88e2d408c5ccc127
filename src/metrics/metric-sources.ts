import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { type MetricSource, Observed } from './metric-source';

/** All providers marked as `Observed`. */
@Injectable()
export class MetricSources implements OnModuleInit {
  private sources: MetricSource[] = [];

  constructor(private readonly discovery: DiscoveryService) {}

  onModuleInit(): void {
    this.sources = this.discovery
      .getProviders({ metadataKey: Observed.KEY })
      .map(({ instance }) => instance as MetricSource);
  }

  async observeAll(): Promise<void> {
    await Promise.all(this.sources.map(async (source) => source.observe()));
  }
}
