import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { GroupState } from '../events/event-stream';
import { StreamMonitor } from '../events/stream-monitor';
import { WorkerRegistry, type WorkerView } from './worker-registry';

class WorkerAnswer implements WorkerView {
  @ApiProperty() workerId!: string;
  @ApiProperty({ enum: ['embedded', 'external'] }) kind!: WorkerView['kind'];
  @ApiProperty({ format: 'date-time' }) lastHeardAt!: string;
  @ApiProperty({ type: Number, nullable: true, description: 'How many runs it carries out at once' })
  slots!: number | null;
  @ApiProperty({ type: [String], description: 'What it runs' }) runIds!: string[];
}

class ConsumerAnswer {
  @ApiProperty() group!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ description: 'Entries handed to it and not acknowledged' }) pending!: number;
  @ApiProperty({ description: 'Milliseconds since it was last heard of' }) idleMs!: number;
}

class GroupAnswer {
  @ApiProperty() name!: string;
  @ApiProperty({ description: 'Entries that nobody of the group has been handed yet' }) lag!: number;
  @ApiProperty() pending!: number;
}

class WorkersAnswer {
  @ApiProperty({ type: [WorkerAnswer] }) items!: WorkerAnswer[];
  @ApiProperty({ type: [GroupAnswer], description: 'Consumer groups of the event stream' })
  groups!: GroupAnswer[];
  @ApiProperty({ type: [ConsumerAnswer] }) consumers!: ConsumerAnswer[];
}

@ApiTags('workers')
@Controller('api/workers')
export class WorkersController {
  constructor(
    private readonly workers: WorkerRegistry,
    private readonly monitor: StreamMonitor,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Workers and stream consumers that were seen' })
  @ApiResponse({ status: 200, type: WorkersAnswer })
  async list(): Promise<WorkersAnswer> {
    const [items, groups] = await Promise.all([this.workers.list(), this.monitor.groups()]);
    return {
      items,
      groups: groups.map(({ name, lag, pending }) => ({ name, lag, pending })),
      consumers: groups.flatMap(consumersOf),
    };
  }
}

function consumersOf({ name: group, consumers }: GroupState): ConsumerAnswer[] {
  return consumers.map((consumer) => ({ group, ...consumer }));
}
