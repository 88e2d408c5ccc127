import { Injectable } from '@nestjs/common';
import {
  attention,
  counted,
  type Finding,
  type HealthIndicator,
  healthy,
  IndicatorOf,
} from '../health/health-indicator';
import { answerText } from './answer-text';
import { Notifications } from './notifications.service';

/** Whether channels accept notifications. A failing channel does not make the server unhealthy. */
@Injectable()
@IndicatorOf('notifications')
export class NotificationsHealth implements HealthIndicator {
  constructor(private readonly notifications: Notifications) {}

  async check(): Promise<Finding> {
    const statuses = await this.notifications.statuses();
    const failing = statuses.find(({ isFailing }) => isFailing);
    if (failing === undefined) return healthy(counted(statuses.length, 'channel'));
    const { channel, flaw, lastAnswer, nextTryAt } = failing;
    const answer = flaw ?? lastAnswer;
    const why = answer === null ? '' : `: ${answerText(answer)}`;
    const next = nextTryAt === null ? '' : `. Next try at ${nextTryAt}`;
    return attention(`Channel ${channel.id} is failing${why}${next}`);
  }
}
