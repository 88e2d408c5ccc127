import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import {
  InjectMetric,
  makeCounterProvider,
  makeGaugeProvider,
  makeHistogramProvider,
} from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge, Histogram } from 'prom-client';
import { elapsedMs } from '../clock/clock';
import { type MetricSource, Observed } from '../metrics/metric-source';
import { isTerminal, type Run } from './run';
import { RunChanges } from './run-changes';
import { RunStreams } from './run-streams';
import { RunRepository } from './run.repository';

/** From half a second to half a day. */
const DURATION_BUCKETS_SECONDS = [0.5, 1, 5, 15, 60, 300, 900, 3600, 10_800, 43_200];

@Injectable()
@Observed()
export class RunMetrics implements MetricSource, OnModuleDestroy {
  @InjectMetric('jobato_runs_started_total') private readonly started!: Counter;
  @InjectMetric('jobato_runs_total') private readonly ended!: Counter;
  @InjectMetric('jobato_run_duration_seconds') private readonly duration!: Histogram;
  @InjectMetric('jobato_runs_active') private readonly active!: Gauge;
  @InjectMetric('jobato_oldest_unclaimed_run_seconds') private readonly oldestUnclaimed!: Gauge;
  @InjectMetric('jobato_sse_readers') private readonly readers!: Gauge;
  private readonly stopListening: () => void;

  constructor(
    changes: RunChanges,
    private readonly runs: RunRepository,
    private readonly streams: RunStreams,
  ) {
    this.stopListening = changes.onAnyChange((run) => this.count(run));
  }

  onModuleDestroy(): void {
    this.stopListening();
  }

  async observe(): Promise<void> {
    const [active, backlog] = await Promise.all([this.runs.allActive(), this.runs.unclaimedBacklog()]);
    this.active.reset();
    for (const { projectId } of active) this.active.inc({ project: projectId });
    this.oldestUnclaimed.set(backlog.oldestSeconds);
    this.readers.set(this.streams.count);
  }

  private count(run: Run): void {
    const { projectId: project, status } = run;
    if (run.revision === 1) this.started.inc({ project, triggered_by: run.triggeredBy });
    if (!isTerminal(run)) return;
    this.ended.inc({ project, status });
    this.duration.observe({ project, status }, elapsedMs(run.startedAt, run.endedAt!) / 1000);
  }
}

export const RUN_METRICS = [
  RunMetrics,
  makeCounterProvider({
    name: 'jobato_runs_started_total',
    help: 'Runs accepted since the process started',
    labelNames: ['project', 'triggered_by'],
  }),
  makeCounterProvider({
    name: 'jobato_runs_total',
    help: 'Runs ended since the process started, by status',
    labelNames: ['project', 'status'],
  }),
  makeHistogramProvider({
    name: 'jobato_run_duration_seconds',
    help: 'Duration of runs from start to end',
    labelNames: ['project', 'status'],
    buckets: DURATION_BUCKETS_SECONDS,
  }),
  makeGaugeProvider({
    name: 'jobato_runs_active',
    help: 'Running runs, by project',
    labelNames: ['project'],
  }),
  makeGaugeProvider({
    name: 'jobato_oldest_unclaimed_run_seconds',
    help: 'Waiting time of the oldest run that no worker has claimed; 0 if there is none',
  }),
  makeGaugeProvider({ name: 'jobato_sse_readers', help: 'Open log streams' }),
];
