import { Inject, Injectable } from '@nestjs/common';
import { channelTarget, type ChannelFlaw } from '../channels/channel-target';
import { Channels } from '../channels/channels';
import type { Channel } from '../channels/notifications-file';
import { Clock, type Instant, toInstant } from '../clock/clock';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { JobatoError } from '../http/problem-catalogue';
import type { Answer } from './answer';
import { answerText } from './answer-text';
import type { Delivery } from './delivery';
import { type DeliveryFilter, DeliveryRepository } from './delivery.repository';
import { NotificationSender } from './notification-sender';

/** Failed tries in a row after which a channel is shown as failing: a single one is usually repaired by the next. */
const FAILING_AFTER = 2;

/** A channel and how it works. Without its URL and secrets. */
export interface ChannelStatus {
  channel: Channel;
  /** What is missing or wrong in the environment; null if nothing is. */
  flaw: ChannelFlaw | null;
  isFailing: boolean;
  deliveredAt: Instant | null;
  triedAt: Instant | null;
  lastAnswer: Answer | null;
  /** Waiting deliveries. */
  pending: number;
  nextTryAt: Instant | null;
}

/** Deliveries and channels for REST, pages and metrics. */
@Injectable()
export class Notifications {
  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly channels: Channels,
    private readonly sender: NotificationSender,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  list(
    filter: DeliveryFilter,
    limit: number,
    before?: number,
  ): Promise<{ items: Delivery[]; nextCursor: string | null }> {
    return this.deliveries.list(filter, limit, before);
  }

  /** Returns when a delivery is tried next; null if it is not. */
  nextTryAt({ state, dueAtMs }: Pick<Delivery, 'state' | 'dueAtMs'>): Instant | null {
    if (state !== 'pending') return null;
    return toInstant(this.clock.nowMs() + Math.max(0, dueAtMs - this.clock.steadyMs()));
  }

  async statuses(): Promise<ChannelStatus[]> {
    const channels = this.channels.list();
    if (channels.length === 0) return [];
    const [states, waiting] = await Promise.all([this.deliveries.channelStates(), this.deliveries.waiting()]);
    return channels.map((channel) => {
      const state = states.find(({ channelId }) => channelId === channel.id);
      const queue = waiting.find(({ channelId }) => channelId === channel.id);
      const flaw = this.flawOf(channel);
      return {
        channel,
        flaw,
        isFailing: flaw !== null || (state?.failures ?? 0) >= FAILING_AFTER,
        deliveredAt: state?.deliveredAt ?? null,
        triedAt: state?.triedAt ?? null,
        lastAnswer: state?.answer ?? null,
        pending: queue?.count ?? 0,
        nextTryAt: queue ? this.nextTryAt({ state: 'pending', dueAtMs: queue.nextDueAtMs }) : null,
      };
    });
  }

  /**
   * Sends a delivery again, under the same id, with all its tries.
   * @throws JobatoError NOTIFICATION_NOT_FOUND, CHANNEL_NOT_READY
   */
  async resend(id: string): Promise<Delivery> {
    const delivery = await this.get(id);
    if (this.channels.find(delivery.channelId) === null) {
      throw new JobatoError(
        'CHANNEL_NOT_READY',
        `Channel "${delivery.channelId}" is no longer in ${this.channels.path}. Add it again first.`,
      );
    }
    await this.deliveries.resend(id);
    this.sender.kick();
    return this.get(id);
  }

  /**
   * Sends a test message at once. A failed one is not repeated.
   * @returns the delivery with its answer
   * @throws JobatoError CHANNEL_NOT_FOUND, CHANNEL_NOT_READY
   */
  async test(channelId: string): Promise<Delivery> {
    const channel = this.channels.find(channelId);
    if (channel === null) {
      throw new JobatoError(
        'CHANNEL_NOT_FOUND',
        `Channel "${channelId.slice(0, 100)}" is not in ${this.channels.path}.`,
      );
    }
    const flaw = this.flawOf(channel);
    if (flaw !== null) throw new JobatoError('CHANNEL_NOT_READY', `${answerText(flaw)}.`);
    const id = await this.deliveries.addForNow({
      channelId,
      kind: 'test',
      projectId: null,
      runId: null,
      subject: null,
      facts: { at: this.clock.now(), projectName: null, run: null, condition: null },
    });
    await this.sender.sendNow(await this.get(id));
    return this.get(id);
  }

  private async get(id: string): Promise<Delivery> {
    const delivery = await this.deliveries.find(id);
    if (delivery) return delivery;
    throw new JobatoError('NOTIFICATION_NOT_FOUND', `Notification "${id.slice(0, 100)}" does not exist.`);
  }

  private flawOf(channel: Channel): ChannelFlaw | null {
    const target = channelTarget(channel, this.config);
    return 'flaw' in target ? target.flaw : null;
  }
}
