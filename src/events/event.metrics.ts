import { Injectable } from '@nestjs/common';
import { InjectMetric, makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import { type MetricSource, Observed } from '../metrics/metric-source';
import { EventStream } from './event-stream';
import { OutboxRelay } from './outbox-relay';
import { RejectedEvents } from './rejected-events';
import { StreamMonitor } from './stream-monitor';

/** Metrics of the outbox and of rejected events. */
@Injectable()
@Observed()
export class EventMetrics implements MetricSource {
  @InjectMetric('jobato_outbox_depth') private readonly outboxDepth!: Gauge;
  @InjectMetric('jobato_outbox_oldest_seconds') private readonly outboxOldest!: Gauge;
  @InjectMetric('jobato_events_rejected') private readonly rejectedEvents!: Gauge;
  @InjectMetric('jobato_events_rejected_bytes') private readonly rejectedBytes!: Gauge;
  @InjectMetric('jobato_events_rejected_dropped') private readonly rejectedDropped!: Gauge;

  constructor(
    private readonly relay: OutboxRelay,
    private readonly rejected: RejectedEvents,
  ) {}

  async observe(): Promise<void> {
    const [depth, totals] = await Promise.all([this.relay.depth(), this.rejected.totals()]);
    this.outboxDepth.set(depth.events);
    this.outboxOldest.set(depth.oldestAgeSeconds);
    this.rejectedEvents.set(totals.events);
    this.rejectedBytes.set(totals.bytes);
    this.rejectedDropped.set(totals.dropped);
  }
}

/** Metrics of the event stream and its consumer groups. */
@Injectable()
@Observed()
export class StreamMetrics implements MetricSource {
  @InjectMetric('jobato_stream_up') private readonly up!: Gauge;
  @InjectMetric('jobato_stream_reconnects_total') private readonly reconnects!: Counter;
  @InjectMetric('jobato_stream_lag') private readonly lag!: Gauge;
  @InjectMetric('jobato_stream_pending') private readonly pending!: Gauge;
  @InjectMetric('jobato_stream_consumer_idle_seconds') private readonly idle!: Gauge;

  constructor(
    private readonly stream: EventStream,
    private readonly monitor: StreamMonitor,
  ) {}

  async observe(): Promise<void> {
    const groups = await this.monitor.groups();
    this.up.set(this.stream.trouble === null ? 1 : 0);
    this.reconnects.reset();
    this.reconnects.inc(this.stream.reconnects);
    for (const gauge of [this.lag, this.pending, this.idle]) gauge.reset(); // groups and consumers may have disappeared
    for (const { name: group, lag, pending, consumers } of groups) {
      this.lag.set({ group }, lag);
      this.pending.set({ group }, pending);
      for (const { name: consumer, idleMs } of consumers) this.idle.set({ group, consumer }, idleMs / 1000);
    }
  }
}

export const EVENT_METRICS = [
  EventMetrics,
  StreamMetrics,
  makeGaugeProvider({ name: 'jobato_outbox_depth', help: 'Events waiting to be published' }),
  makeGaugeProvider({
    name: 'jobato_outbox_oldest_seconds',
    help: 'Age of the oldest event waiting to be published',
  }),
  makeGaugeProvider({ name: 'jobato_events_rejected', help: 'Rejected events waiting for a decision' }),
  makeGaugeProvider({
    name: 'jobato_events_rejected_bytes',
    help: 'Size of the stored rejected events in bytes',
  }),
  makeGaugeProvider({
    name: 'jobato_events_rejected_dropped',
    help: 'Rejected events dropped since the database was created, to make room for newer ones',
  }),
  makeGaugeProvider({ name: 'jobato_stream_up', help: '1 if the event stream is available, else 0' }),
  makeCounterProvider({
    name: 'jobato_stream_reconnects_total',
    help: 'Number of reconnections to the event stream',
  }),
  makeGaugeProvider({
    name: 'jobato_stream_lag',
    help: 'Events not yet delivered to a consumer group',
    labelNames: ['group'],
  }),
  makeGaugeProvider({
    name: 'jobato_stream_pending',
    help: 'Events delivered to a consumer group and not acknowledged',
    labelNames: ['group'],
  }),
  makeGaugeProvider({
    name: 'jobato_stream_consumer_idle_seconds',
    help: 'Time since a consumer of the event stream was last active',
    labelNames: ['group', 'consumer'],
  }),
];
