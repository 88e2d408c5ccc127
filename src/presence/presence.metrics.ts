import { Injectable } from '@nestjs/common';
import { InjectMetric, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { type MetricSource, Observed } from '../metrics/metric-source';
import { WorkerPresence } from './worker-presence';

@Injectable()
@Observed()
export class PresenceMetrics implements MetricSource {
  @InjectMetric('jobato_worker_slots') private readonly slots!: Gauge;
  @InjectMetric('jobato_worker_busy') private readonly busy!: Gauge;

  constructor(private readonly presence: WorkerPresence) {}

  observe(): void {
    const { slots, busy } = this.presence.capacity();
    this.slots.set(slots);
    this.busy.set(busy);
  }
}

export const PRESENCE_METRICS = [
  PresenceMetrics,
  makeGaugeProvider({ name: 'jobato_worker_slots', help: 'Slots of the workers in this process' }),
  makeGaugeProvider({ name: 'jobato_worker_busy', help: 'Used slots of the workers in this process' }),
];
