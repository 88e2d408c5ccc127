import { Injectable } from '@nestjs/common';
import { InjectMetric, makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import { type MetricSource, Observed } from '../metrics/metric-source';
import { PurgeRepository } from './purge.repository';
import { RetentionSchedule } from './retention-schedule';
import { PARTS } from './retention-rule';

@Injectable()
@Observed()
export class RetentionMetrics implements MetricSource {
  @InjectMetric('jobato_retention_deleted_total') private readonly deleted!: Counter;
  @InjectMetric('jobato_retention_deleted_bytes_total') private readonly bytes!: Counter;
  @InjectMetric('jobato_retention_pass_duration_seconds') private readonly duration!: Gauge;
  @InjectMetric('jobato_retention_last_pass_timestamp_seconds') private readonly lastPass!: Gauge;
  @InjectMetric('jobato_retention_last_pass_failed') private readonly failed!: Gauge;
  @InjectMetric('jobato_retention_unfinished') private readonly unfinished!: Gauge;

  constructor(
    private readonly schedule: RetentionSchedule,
    private readonly purges: PurgeRepository,
  ) {}

  async observe(): Promise<void> {
    const { totals } = this.schedule;
    this.deleted.reset();
    for (const part of PARTS) this.deleted.inc({ part }, totals[part]);
    this.bytes.reset();
    this.bytes.inc(totals.bytes);
    this.unfinished.set(await this.purges.countUnfinished());
    const last = await this.schedule.lastPass();
    if (!last) return;
    this.duration.set(last.durationMs / 1000);
    this.lastPass.set(Date.parse(last.startedAt) / 1000);
    this.failed.set(last.failure === null ? 0 : 1);
  }
}

export const RETENTION_METRICS = [
  RetentionMetrics,
  makeCounterProvider({
    name: 'jobato_retention_deleted_total',
    help: 'Runs deleted by passes since the process started, and runs whose logs or files were removed',
    labelNames: ['part'],
  }),
  makeCounterProvider({
    name: 'jobato_retention_deleted_bytes_total',
    help: 'Size of the logs and artifacts deleted by passes since the process started',
  }),
  makeGaugeProvider({
    name: 'jobato_retention_pass_duration_seconds',
    help: 'Duration of the last pass that deleted old runs',
  }),
  makeGaugeProvider({
    name: 'jobato_retention_last_pass_timestamp_seconds',
    help: 'Start of the last pass that deleted old runs',
  }),
  makeGaugeProvider({
    name: 'jobato_retention_last_pass_failed',
    help: '1 if the last pass that deleted old runs failed, else 0',
  }),
  makeGaugeProvider({
    name: 'jobato_retention_unfinished',
    help: 'Deleted runs whose rows or files are not all deleted yet',
  }),
];
