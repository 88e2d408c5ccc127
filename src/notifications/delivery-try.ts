import { Inject, Injectable } from '@nestjs/common';
import { channelTarget } from '../channels/channel-target';
import { Channels } from '../channels/channels';
import type { Channel } from '../channels/notifications-file';
import { Clock } from '../clock/clock';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { ErrorLines } from '../logs/error-lines';
import type { Answer } from './answer';
import type { Delivery } from './delivery';
import { DeliveryRepository } from './delivery.repository';
import { sendByHttp } from './http-transport';
import { mailOf } from './mail-message';
import { sendByMail } from './mail-transport';
import { slackBody } from './slack-message';
import { webhookBody, webhookHeaders } from './webhook-message';

const MAX_ERROR_LINES = 10;

/** Sends a delivery once. */
@Injectable()
export class DeliveryTry {
  constructor(
    private readonly channels: Channels,
    private readonly deliveries: DeliveryRepository,
    private readonly errorLines: ErrorLines,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws StorageError if the error lines cannot be read or kept; then nothing was sent */
  async send(delivery: Delivery, stop: AbortSignal): Promise<Answer> {
    const channel = this.channels.find(delivery.channelId);
    if (channel === null) return { code: 'channel-removed' };
    const complete = await this.withErrorLines(delivery);
    return this.sendTo(channel, complete, stop);
  }

  /**
   * Reads the error lines before the first try and keeps them: a later try must not send another body under the same
   * id. The log is not read where the end is recorded, because its last lines may come after it.
   */
  private async withErrorLines(delivery: Delivery): Promise<Delivery> {
    const { runId, facts, errorLines, position } = delivery;
    const step = facts.run?.step;
    if (errorLines !== null || runId === null || !step) return delivery;
    const lines = await this.errorLines.lastOf(runId, step.name, MAX_ERROR_LINES);
    await this.deliveries.keepErrorLines({ position, lines });
    return { ...delivery, errorLines: lines };
  }

  private async sendTo(channel: Channel, delivery: Delivery, stop: AbortSignal): Promise<Answer> {
    const target = channelTarget(channel, this.config);
    if ('flaw' in target) return target.flaw;
    const { publicUrl } = this.config;
    if (target.kind === 'mail') {
      const { smtpUrl, from } = target;
      return sendByMail({ smtpUrl, from, to: channel.to }, mailOf(delivery, publicUrl, from));
    }
    const { url, secrets } = target;
    const isSlack = channel.type === 'slack';
    const body = isSlack ? slackBody(delivery, publicUrl) : webhookBody(delivery, publicUrl);
    const headers = isSlack
      ? { 'content-type': 'application/json' }
      : webhookHeaders({ id: delivery.id, body, secrets }, this.clock.nowMs());
    return sendByHttp({ url, headers, body, allowPrivate: channel.allowPrivate, secrets }, stop);
  }
}
