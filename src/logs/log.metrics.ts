import { Injectable } from '@nestjs/common';
import { InjectMetric, makeCounterProvider } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';
import { type MetricSource, Observed } from '../metrics/metric-source';
import { LogStore } from './log-store';
import { LogTail } from './log-tail';

@Injectable()
@Observed()
export class LogMetrics implements MetricSource {
  @InjectMetric('jobato_log_lines_total') private readonly lines!: Counter;
  @InjectMetric('jobato_log_store_reads_total') private readonly reads!: Counter;

  constructor(
    private readonly store: LogStore,
    private readonly tail: LogTail,
  ) {}

  observe(): void {
    this.lines.reset();
    this.lines.inc(this.tail.linesStored);
    this.reads.reset();
    this.reads.inc(this.store.reads);
  }
}

export const LOG_METRICS = [
  LogMetrics,
  makeCounterProvider({
    name: 'jobato_log_lines_total',
    help: 'Log lines stored since the process started',
  }),
  makeCounterProvider({
    name: 'jobato_log_store_reads_total',
    help: 'Reads of the log store since the process started',
  }),
];
