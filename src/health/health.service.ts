import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { type Finding, type HealthIndicator, IndicatorOf, messageOf, type Trouble } from './health-indicator';

export interface DependencyHealth extends Finding {
  status: 'ok' | 'trouble';
}

export interface HealthReport {
  status: 'ok' | 'trouble';
  dependencies: Record<string, DependencyHealth>;
}

/** Reports the health of this server, from the indicators of all modules. */
@Injectable()
export class HealthService implements OnModuleInit {
  /** The process first, so that a server that stops says so without asking its database. The others by name. */
  private indicators: [name: string, HealthIndicator][] = [];

  constructor(private readonly discovery: DiscoveryService) {}

  onModuleInit(): void {
    this.indicators = this.discovery
      .getProviders({ metadataKey: IndicatorOf.KEY })
      .map((provider): [string, HealthIndicator] => [
        this.discovery.getMetadataByDecorator(IndicatorOf, provider)!,
        provider.instance as HealthIndicator,
      ])
      .sort(([a], [b]) => Number(b === 'process') - Number(a === 'process') || (a < b ? -1 : 1));
  }

  async report(): Promise<HealthReport> {
    const checked = await Promise.all(
      this.indicators.map(async ([name, indicator]) => [name, await checkedBy(indicator)] as const),
    );
    const isTroubled = checked.some(([, { status }]) => status === 'trouble');
    return { status: isTroubled ? 'trouble' : 'ok', dependencies: Object.fromEntries(checked) };
  }

  /** Returns known problems to show on pages. */
  troubles(): Trouble[] {
    return this.indicators.flatMap(([, indicator]) => indicator.troubles?.() ?? []);
  }

  /** Returns why runs cannot be accepted; null if they can. */
  async whyNotReady(): Promise<string | null> {
    for (const [, indicator] of this.indicators) {
      const reason = (await indicator.whyNotReady?.()) ?? null;
      if (reason !== null) return reason;
    }
    return null;
  }
}

async function checkedBy(indicator: HealthIndicator): Promise<DependencyHealth> {
  try {
    return { status: 'ok', ...(await indicator.check()) };
  } catch (error) {
    return { status: 'trouble', message: messageOf(error), needsAttention: true };
  }
}
