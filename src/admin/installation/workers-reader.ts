import { Injectable } from '@nestjs/common';
import { Clock } from '../../clock/clock';
import { sharedStreamText, StreamMonitor } from '../../events/stream-monitor';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { RunRepository } from '../../runs/run.repository';
import { RunsService } from '../../runs/runs.service';
import { WorkerList } from '../../workers/worker-list';
import { type WorkersPage, workersPage } from './workers-page';

/** Collects the data of the workers page. */
@Injectable()
export class WorkersReader {
  constructor(
    private readonly workers: WorkerList,
    private readonly monitor: StreamMonitor,
    private readonly runs: RunRepository,
    private readonly service: RunsService,
    private readonly projects: ProjectCatalogue,
    private readonly clock: Clock,
  ) {}

  async read(): Promise<WorkersPage & { sharedStream: string | null }> {
    const [workers, habits, groups, active] = await Promise.all([
      this.workers.read(),
      this.workers.reportingHabits(),
      this.monitor.groups(),
      this.runs.allActive(),
    ]);
    const waiting = await this.service.waiting(active.filter(({ claimedAt }) => claimedAt === null));
    const nameOf = (projectId: string) => this.projects.find(projectId)?.definition.name ?? projectId;
    const { foreignServers } = this.monitor;
    return {
      ...workersPage(workers, groups, active, waiting, habits, nameOf, this.clock.now()),
      sharedStream: foreignServers.length === 0 ? null : sharedStreamText(foreignServers),
    };
  }
}
