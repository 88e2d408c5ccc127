import { Injectable } from '@nestjs/common';
import { InjectMetric, makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import { Clock, elapsedMs } from '../clock/clock';
import { type MetricSource, Observed } from '../metrics/metric-source';
import { DeliveryRepository } from './delivery.repository';
import { NotificationSender } from './notification-sender';

/** Metrics of deliveries. */
@Injectable()
@Observed()
export class NotificationMetrics implements MetricSource {
  @InjectMetric('jobato_notifications_total') private readonly tries!: Counter;
  @InjectMetric('jobato_notifications_pending') private readonly pending!: Gauge;
  @InjectMetric('jobato_notifications_oldest_seconds') private readonly oldest!: Gauge;

  constructor(
    private readonly sender: NotificationSender,
    private readonly deliveries: DeliveryRepository,
    private readonly clock: Clock,
  ) {}

  async observe(): Promise<void> {
    this.tries.reset();
    for (const [outcome, count] of Object.entries(this.sender.counts)) this.tries.inc({ outcome }, count);
    const [waiting, oldestAt] = await Promise.all([this.deliveries.waiting(), this.deliveries.oldestAt()]);
    this.pending.set(waiting.reduce((sum, { count }) => sum + Number(count), 0));
    this.oldest.set(oldestAt === null ? 0 : elapsedMs(oldestAt, this.clock.now()) / 1000);
  }
}

export const NOTIFICATION_METRICS = [
  NotificationMetrics,
  makeCounterProvider({
    name: 'jobato_notifications_total',
    help: 'Tries to deliver a notification since the start, by outcome: delivered, retried, failed',
    labelNames: ['outcome'],
  }),
  makeGaugeProvider({ name: 'jobato_notifications_pending', help: 'Notifications that wait for a channel' }),
  makeGaugeProvider({
    name: 'jobato_notifications_oldest_seconds',
    help: 'Age of the oldest notification that waits for a channel',
  }),
];
