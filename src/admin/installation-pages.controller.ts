import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { StreamMonitor } from '../events/stream-monitor';
import { Health } from '../health/health';
import { WorkerRegistry } from '../runs/worker-registry';
import { durationText } from './duration-text';
import { PageFrames } from './page-frame';
import { humanised } from './plain-words';
import { timeText } from './time-text';

/** Pages about the installation rather than about a project: workers and status. */
@ApiExcludeController()
@Controller()
export class InstallationPagesController {
  constructor(
    private readonly workers: WorkerRegistry,
    private readonly monitor: StreamMonitor,
    private readonly health: Health,
    private readonly frames: PageFrames,
  ) {}

  @Get('workers')
  async workersPage(@Res() response: Response): Promise<void> {
    const [workers, groups, frame] = await Promise.all([
      this.workers.list(),
      this.monitor.groups(),
      this.frames.frame('Workers', '/workers'),
    ]);
    response.render('workers', {
      frame,
      workers: workers.map(({ lastHeardAt, runIds, ...worker }) => ({
        ...worker,
        lastHeardAt: lastHeardAt === '' ? null : timeText(lastHeardAt),
        runs: runIds.map((runId) => ({ href: `/runs/${runId}`, shortId: runId.slice(-12) })),
      })),
      groups: groups.map(({ name, lag, pending, consumers }) => ({
        name,
        lag,
        pending,
        consumers: consumers.map((consumer) => ({ ...consumer, idle: durationText(consumer.idleMs) })),
      })),
    });
  }

  @Get('status')
  async statusPage(@Res() response: Response): Promise<void> {
    const [report, frame] = await Promise.all([this.health.report(), this.frames.frame('Status', '/status')]);
    response.render('status', {
      frame,
      isTroubled: report.status === 'trouble',
      dependencies: Object.entries(report.dependencies).map(([name, { status, message }]) => ({
        name: humanised(name),
        isOk: status === 'ok',
        message,
      })),
    });
  }
}
