import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Channels } from '../channels/channels';
import { Clock, toInstant } from '../clock/clock';
import { DeliveryRepository } from './delivery.repository';

const EVERY_MS = 15 * 60_000;
const KEPT_DAYS = 30;

/** Deletes ended deliveries that are old or too many. Those of a deleted run go with it. */
@Injectable()
export class DeliveryHousekeeping implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Notifications');
  private timer: NodeJS.Timeout | null = null;
  private tidying: Promise<void> = Promise.resolve();

  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly channels: Channels,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.tidying = this.tidy().catch((error: unknown) =>
        this.logger.error(`Deleting old notifications failed: ${String(error)}`),
      );
    }, EVERY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.tidying;
  }

  async tidy(): Promise<void> {
    // The slower clock: one that is set forward must not make deliveries look old.
    const nowMs = Math.min(this.clock.nowMs(), this.clock.steadyMs());
    const before = toInstant(nowMs - KEPT_DAYS * 86_400_000);
    while ((await this.deliveries.deleteEnded(before)) > 0);
    const ids = this.channels.list().map(({ id }) => id);
    if (ids.length > 0) await this.deliveries.forgetChannels(ids);
  }
}
