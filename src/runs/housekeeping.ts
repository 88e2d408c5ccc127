import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { Clock, toInstant } from '../clock/clock';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { EventStream } from '../events/event-stream';
import { OutboxRelay } from '../events/outbox-relay';
import { KEEP_IDEMPOTENCY_KEYS_HOURS } from './idempotency-key';
import { IdempotencyKeyRepository } from './idempotency-key.repository';
import { RunSecretRepository } from './run-secret.repository';

const EVERY_MS = 15 * 60 * 1000;

/**
 * Deletes stream entries that all groups have finished, settled requests, old idempotency keys, and secrets of runs that
 * another program has ended.
 */
@Injectable()
export class Housekeeping implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Housekeeping.name);
  private timer: NodeJS.Timeout | null = null;
  private tidying: Promise<void> = Promise.resolve();

  constructor(
    private readonly stream: EventStream,
    private readonly relay: OutboxRelay,
    private readonly keys: IdempotencyKeyRepository,
    private readonly secrets: RunSecretRepository,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.tidying = this.tidySecrets();
    this.timer = setInterval(() => {
      this.tidying = this.tidy();
    }, EVERY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.tidying;
  }

  /** Runs each part separately, so that the database is cleaned up even while Redis is unavailable. */
  async tidy(): Promise<void> {
    // Use the slower clock: a wall clock that is set forward must not make entries look old.
    const nowMs = Math.min(this.clock.nowMs(), this.clock.steadyMs());
    const hoursAgo = (hours: number) => toInstant(nowMs - hours * 3_600_000);
    await this.attempt('stream entries', () =>
      this.stream.trim(hoursAgo(this.config.runEventsRetentionHours)),
    );
    await this.attempt('settled requests', () => this.relay.forgetSettledRequests());
    await this.tidySecrets();
    await this.attempt('idempotency keys', () =>
      this.keys.deleteBefore(hoursAgo(KEEP_IDEMPOTENCY_KEYS_HOURS)),
    );
  }

  private tidySecrets(): Promise<void> {
    return this.attempt('secrets of ended runs', () => this.secrets.deleteLeftovers());
  }

  private async attempt(what: string, tidy: () => Promise<unknown>): Promise<void> {
    try {
      await tidy();
    } catch (error) {
      this.logger.error(`Deleting old data failed (${what}): ${String(error)}`);
    }
  }
}
