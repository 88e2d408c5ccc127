import { Injectable } from '@nestjs/common';
import { InjectMetric, makeCounterProvider, makeHistogramProvider } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import type { ScheduleOutcome } from './schedule-record';

@Injectable()
export class ScheduleMetrics {
  @InjectMetric('jobato_schedule_records_total') private readonly records!: Counter;
  @InjectMetric('jobato_schedule_lag_seconds') private readonly lag!: Histogram;

  recorded(outcome: ScheduleOutcome, count = 1): void {
    this.records.inc({ outcome }, count);
  }

  /** Counts the time from a due time to its record, for due times that this server did not miss. */
  delayed(ms: number): void {
    this.lag.observe(Math.max(0, ms) / 1000);
  }
}

export const SCHEDULE_METRICS = [
  ScheduleMetrics,
  makeCounterProvider({
    name: 'jobato_schedule_records_total',
    help: 'Recorded due times of schedules since the process started, by outcome',
    labelNames: ['outcome'],
  }),
  makeHistogramProvider({
    name: 'jobato_schedule_lag_seconds',
    help: 'Time from a due time to its record',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
  }),
];
