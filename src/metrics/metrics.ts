import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { elapsedMs } from '../clock/clock';
import { EventStream, type GroupState } from '../events/event-stream';
import { OutboxRelay } from '../events/outbox-relay';
import { RejectedEvents } from '../events/rejected-events';
import { StreamMonitor } from '../events/stream-monitor';
import { LogStore } from '../logs/log-store';
import { LogTail } from '../logs/log-tail';
import { isTerminal, type Run } from '../runs/run';
import { RunChanges } from '../runs/run-changes';
import { RunRepository } from '../runs/run.repository';
import { RunStreams } from '../runs/run-streams';
import { WorkerPresence } from '../presence/worker-presence';

/** From half a second to half a day. */
const DURATION_BUCKETS_SECONDS = [0.5, 1, 5, 15, 60, 300, 900, 3600, 10_800, 43_200];

/**
 * Provides metrics. Counts events as they happen and computes other values on request, so that runs are not slowed
 * down.
 */
@Injectable()
export class Metrics implements OnModuleDestroy {
  readonly registry = new Registry();
  private readonly stopListening: () => void;

  constructor(
    changes: RunChanges,
    private readonly runs: RunRepository,
    private readonly relay: OutboxRelay,
    private readonly rejected: RejectedEvents,
    private readonly stream: EventStream,
    private readonly monitor: StreamMonitor,
    private readonly logs: LogStore,
    private readonly tail: LogTail,
    private readonly streams: RunStreams,
    private readonly presence: WorkerPresence,
  ) {
    collectDefaultMetrics({ register: this.registry });
    const registers = [this.registry];
    const started = new Counter({
      name: 'jobato_runs_started_total',
      help: 'Runs accepted since the process started',
      labelNames: ['project', 'triggered_by'],
      registers,
    });
    const ended = new Counter({
      name: 'jobato_runs_total',
      help: 'Runs ended since the process started, by status',
      labelNames: ['project', 'status'],
      registers,
    });
    const duration = new Histogram({
      name: 'jobato_run_duration_seconds',
      help: 'Duration of runs from start to end',
      labelNames: ['project', 'status'],
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    });
    this.stopListening = changes.onAnyChange((run: Run) => {
      if (run.revision === 1) started.inc({ project: run.projectId, triggered_by: run.triggeredBy });
      if (!isTerminal(run)) return;
      ended.inc({ project: run.projectId, status: run.status });
      duration.observe(
        { project: run.projectId, status: run.status },
        elapsedMs(run.startedAt, run.endedAt!) / 1000,
      );
    });
    this.observe();
  }

  onModuleDestroy(): void {
    this.stopListening();
  }

  private observe(): void {
    const gauge = (name: string, help: string, look: () => number | Promise<number>) => {
      const registers = [this.registry];
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          this.set(await look());
        },
      });
    };
    const active = new Gauge({
      name: 'jobato_runs_active',
      help: 'Running runs, by project',
      labelNames: ['project'],
      registers: [this.registry],
      collect: async () => {
        active.reset();
        for (const { projectId } of await this.runs.allActive()) active.inc({ project: projectId });
      },
    });
    this.observeStream();
    gauge(
      'jobato_oldest_unclaimed_run_seconds',
      'Waiting time of the oldest run that no worker has claimed; 0 if there is none',
      async () => (await this.runs.unclaimedBacklog()).oldestSeconds,
    );
    gauge(
      'jobato_outbox_depth',
      'Events waiting to be published',
      async () => (await this.relay.depth()).events,
    );
    gauge(
      'jobato_outbox_oldest_seconds',
      'Age of the oldest event waiting to be published',
      async () => (await this.relay.depth()).oldestAgeSeconds,
    );
    gauge(
      'jobato_events_rejected',
      'Rejected events waiting for a decision',
      async () => (await this.rejected.totals()).events,
    );
    gauge(
      'jobato_events_rejected_bytes',
      'Size of the stored rejected events in bytes',
      async () => (await this.rejected.totals()).bytes,
    );
    gauge(
      'jobato_events_rejected_dropped',
      'Rejected events dropped to make room for newer ones, since the database was created',
      async () => (await this.rejected.totals()).dropped,
    );
    gauge('jobato_sse_readers', 'Open log streams', () => this.streams.count);
    gauge(
      'jobato_worker_slots',
      'Slots of the workers in this process',
      () => this.presence.capacity().slots,
    );
    gauge(
      'jobato_worker_busy',
      'Used slots of the workers in this process',
      () => this.presence.capacity().busy,
    );
    gauge('jobato_stream_up', '1 if the event stream is available, else 0', () =>
      this.stream.trouble === null ? 1 : 0,
    );
    const count = (name: string, help: string, value: () => number) => {
      new Counter({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.reset();
          this.inc(value());
        },
      });
    };
    count(
      'jobato_stream_reconnects_total',
      'Number of reconnections to the event stream',
      () => this.stream.reconnects,
    );
    count(
      'jobato_log_lines_total',
      'Log lines stored since the process started',
      () => this.tail.linesStored,
    );
    count(
      'jobato_log_store_reads_total',
      'Reads of the log store since the process started',
      () => this.logs.reads,
    );
  }

  private observeStream(): void {
    const gauge = (
      name: string,
      help: string,
      labelNames: string[],
      look: (gauge: Gauge, group: GroupState) => void,
    ) => {
      const observed: Gauge = new Gauge({
        name,
        help,
        labelNames,
        registers: [this.registry],
        collect: async () => {
          observed.reset(); // groups and consumers may have disappeared
          for (const group of await this.monitor.groups()) look(observed, group);
        },
      });
    };
    gauge(
      'jobato_stream_lag',
      'Events not yet delivered to a consumer group',
      ['group'],
      (observed, { name, lag }) => observed.set({ group: name }, lag),
    );
    gauge(
      'jobato_stream_pending',
      'Events delivered to a consumer group and not acknowledged',
      ['group'],
      (observed, { name, pending }) => observed.set({ group: name }, pending),
    );
    gauge(
      'jobato_stream_consumer_idle_seconds',
      'Time since a consumer of the event stream was last active',
      ['group', 'consumer'],
      (observed, { name, consumers }) => {
        for (const { name: consumer, idleMs } of consumers)
          observed.set({ group: name, consumer }, idleMs / 1000);
      },
    );
  }
}
