import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { GroupState } from '../events/event-stream';
import { StreamMonitor } from '../events/stream-monitor';
import type { ReportingHabit } from '../runs/reporting-habits';
import { WorkerList, type WorkerView } from './worker-list';

class WorkerAnswer implements WorkerView {
  @ApiProperty() workerId!: string;
  @ApiProperty({ enum: ['embedded', 'external'] }) kind!: WorkerView['kind'];
  @ApiProperty({ format: 'date-time' }) lastHeardAt!: string;
  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Number of slots: runs that the worker executes at the same time',
  })
  slots!: number | null;
  @ApiProperty({ type: [String], description: 'Runs that the worker is executing' }) runIds!: string[];
}

class ConsumerAnswer {
  @ApiProperty() group!: string;
  @ApiProperty() name!: string;
  @ApiProperty({
    type: 'integer',
    description: 'Number of entries delivered to the consumer and not acknowledged',
  })
  pending!: number;
  @ApiProperty({ description: 'Milliseconds since the consumer was last active' }) idleMs!: number;
}

class GroupAnswer {
  @ApiProperty() name!: string;
  @ApiProperty({ type: 'integer', description: 'Number of entries not yet delivered to the group' })
  lag!: number;
  @ApiProperty() pending!: number;
}

class SilentWorkersAnswer {
  @ApiProperty() projectId!: string;
  @ApiProperty({
    format: 'date-time',
    description: 'When a worker last reported the end of a run that it had not claimed',
  })
  lastReportAt!: string;
  @ApiProperty({ format: 'uuid' }) runId!: string;
  @ApiProperty({ type: Number, nullable: true, description: 'Typical duration of such runs in milliseconds' })
  typicalMs!: number | null;
}

class WorkersAnswer {
  @ApiProperty({ type: [WorkerAnswer] }) items!: WorkerAnswer[];
  @ApiProperty({ type: [GroupAnswer], description: 'Consumer groups of the event stream' })
  groups!: GroupAnswer[];
  @ApiProperty({ type: [ConsumerAnswer] }) consumers!: ConsumerAnswer[];
  @ApiProperty({
    type: [SilentWorkersAnswer],
    description:
      'Projects whose workers report only at the end, without a claim. Such workers are not visible while they work',
  })
  silent!: SilentWorkersAnswer[];
}

@ApiTags('workers')
@Controller('api/workers')
export class WorkersController {
  constructor(
    private readonly workers: WorkerList,
    private readonly monitor: StreamMonitor,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listWorkers', summary: 'List workers and stream consumers' })
  @ApiResponse({ status: 200, type: WorkersAnswer })
  async list(): Promise<WorkersAnswer> {
    const [items, groups, habits] = await Promise.all([
      this.workers.read(),
      this.monitor.groups(),
      this.workers.reportingHabits(),
    ]);
    return {
      items,
      groups: groups.map(({ name, lag, pending }) => ({ name, lag, pending })),
      consumers: groups.flatMap(consumersOf),
      silent: [...habits].flatMap(([projectId, habit]) => silentWorkers(projectId, habit)),
    };
  }
}

function silentWorkers(projectId: string, { lastReport, typicalMs }: ReportingHabit): SilentWorkersAnswer[] {
  return lastReport === null
    ? []
    : [{ projectId, lastReportAt: lastReport.at, runId: lastReport.runId, typicalMs }];
}

function consumersOf({ name: group, consumers }: GroupState): ConsumerAnswer[] {
  return consumers.map((consumer) => ({ group, ...consumer }));
}
