import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Clock, toInstant } from '../../clock/clock';
import { sharedStreamText, StreamMonitor } from '../../events/stream-monitor';
import { HealthService } from '../../health/health.service';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { RunRepository } from '../../runs/run.repository';
import { RunsService } from '../../runs/runs.service';
import { WorkerList } from '../../workers/worker-list';
import { type LivePage, LivePages } from '../page/live-pages';
import { pageVersion, waitingKey } from '../page/page-version';
import { durationOf } from '../words/duration-text';
import { humanised } from '../words/plain-words';
import { workersPage } from './workers-page';

const WORKERS: LivePage = { title: 'Workers', path: '/workers', view: 'workers' };
const STATUS: LivePage = { title: 'Status', path: '/status', view: 'status' };

/** Links from a dependency to the page with details or actions. */
const MORE: Record<string, { href: string; label: string }> = {
  rejected: { href: '/events/rejected', label: 'Rejected events' },
  workers: { href: '/workers', label: 'Workers' },
  projects: { href: '/', label: 'Projects' },
};

/** Pages about the installation: workers and status. */
@ApiExcludeController()
@Controller()
export class InstallationPagesController {
  constructor(
    private readonly workers: WorkerList,
    private readonly monitor: StreamMonitor,
    private readonly health: HealthService,
    private readonly runs: RunRepository,
    private readonly service: RunsService,
    private readonly projects: ProjectCatalogue,
    private readonly clock: Clock,
    private readonly pages: LivePages,
  ) {}

  @Get('workers')
  async workersPage(@Res() response: Response): Promise<void> {
    const { version, model } = await this.workersModel();
    await this.pages.whole(response, WORKERS, version, model);
  }

  @Get('workers/state')
  async workersState(@Query('version') shown: unknown, @Res() response: Response): Promise<void> {
    const { version, model } = await this.workersModel();
    await this.pages.part(response, WORKERS, shown, version, model);
  }

  @Get('status')
  async statusPage(@Res() response: Response): Promise<void> {
    const { version, model } = await this.statusModel();
    await this.pages.whole(response, STATUS, version, model);
  }

  @Get('status/state')
  async statusState(@Query('version') shown: unknown, @Res() response: Response): Promise<void> {
    const { version, model } = await this.statusModel();
    await this.pages.part(response, STATUS, shown, version, model);
  }

  private async workersModel() {
    const [workers, habits, groups, active] = await Promise.all([
      this.workers.read(),
      this.workers.reportingHabits(),
      this.monitor.groups(),
      this.runs.allActive(),
    ]);
    const waiting = await this.service.waiting(active.filter(({ claimedAt }) => claimedAt === null));
    const nameOf = (projectId: string) => this.projects.find(projectId)?.definition.name ?? projectId;
    const { strangers } = this.monitor;
    const model = {
      ...workersPage(workers, groups, active, waiting, habits, nameOf, this.clock.now()),
      sharedStream: strangers.length === 0 ? null : sharedStreamText(strangers),
    };
    // The version leaves out elapsed times, because the page counts them on its own clock.
    const version = pageVersion(
      [],
      [
        model.workers.map(({ lastHeard, runs, ...worker }) => [
          worker,
          lastHeard?.at.datetime,
          runs.map(({ runId, detail }) => [runId, detail]),
        ]),
        model.groups.map(({ consumers, ...group }) => [
          group,
          consumers.map(({ name, pending }) => [name, pending]),
        ]),
        model.silent,
        strangers,
        model.waiting.map(({ runId, stopAction }) => [
          runId,
          stopAction,
          waitingKey(waiting.get(runId) ?? null),
        ]),
      ],
    );
    return { version, model };
  }

  private async statusModel() {
    const report = await this.health.report();
    const isStopping = report.dependencies.process?.status === 'trouble';
    const dependencies = Object.entries(report.dependencies).map(
      ([name, { status, message, needsAttention }]) => ({
        name: humanised(name),
        isOk: status === 'ok',
        needsAttention,
        // The uptime of the process is left out: the page counts it on its own clock.
        message: name === 'process' && !isStopping ? null : message,
        more: MORE[name] ?? null,
      }),
    );
    return {
      version: pageVersion([], dependencies),
      model: {
        isTroubled: report.status === 'trouble',
        needsAttention: dependencies.some(({ needsAttention }) => needsAttention),
        dependencies,
        up: durationOf(
          { startedAt: toInstant(this.clock.nowMs() - process.uptime() * 1000), endedAt: null },
          this.clock.now(),
        ),
      },
    };
  }
}
