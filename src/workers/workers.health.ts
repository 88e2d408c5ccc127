import { Injectable } from '@nestjs/common';
import { elapsedText } from '../clock/elapsed-text';
import { StreamMonitor } from '../events/stream-monitor';
import {
  attention,
  counted,
  type Finding,
  type HealthIndicator,
  healthy,
  IndicatorOf,
} from '../health/health-indicator';
import type { Run } from '../runs/run';
import { RunRepository } from '../runs/run.repository';
import { RunsService } from '../runs/runs.service';
import { USUAL_WAIT_MS } from '../runs/waiting';
import { WorkerList } from './worker-list';

/** Whether enough workers are present for the runs that wait. Missing workers do not make the server unhealthy. */
@Injectable()
@IndicatorOf('workers')
export class WorkersHealth implements HealthIndicator {
  constructor(
    private readonly workers: WorkerList,
    private readonly monitor: StreamMonitor,
    private readonly runs: RunRepository,
    private readonly service: RunsService,
  ) {}

  async check(): Promise<Finding> {
    const [seen, { runs, oldestSeconds }] = await Promise.all([
      this.workers.read(),
      this.runs.unclaimedBacklog(),
    ]);
    const consumers = this.monitor.consumers().length;
    const known = `${counted(seen.length, 'worker')}, ${counted(consumers, 'stream consumer')}`;
    if (runs === 0) return healthy(known);
    const found = `${known}, ${counted(runs, 'run')} waiting for a worker, the oldest for ${elapsedText(oldestSeconds * 1000)}`;
    // A run that was requested just now needs no action.
    if (oldestSeconds * 1000 < USUAL_WAIT_MS) return healthy(found);
    const unclaimed = (await this.runs.allActive()).filter(({ claimedAt }) => claimedAt === null);
    const waiting = await this.service.waiting(unclaimed);
    // Nor does a run that waits for a slot, or whose workers are known to report only at the end.
    const isUsual = ({ runId }: Pick<Run, 'runId'>) => {
      const why = waiting.get(runId);
      return why?.code === 'workers-busy' || (why?.code === 'handed-out' && why.typicalMs !== null);
    };
    return unclaimed.every(isUsual) ? healthy(found) : attention(found);
  }
}
