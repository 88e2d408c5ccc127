import { Controller, Get, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { HealthService } from '../../health/health.service';
import { StorageReport } from '../../retention/storage-report';
import { type LivePage, LivePages } from '../page/live-pages';
import type { PartView, View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { growingDuration } from '../words/duration-text';
import { humanised } from '../words/humanised';
import { storageTable } from './storage-rows';

const STATUS: LivePage = { title: 'Status', path: '/status', view: 'status' };

/** Links from a dependency to the page with details or actions. */
const DETAIL_LINKS: Record<string, { href: string; label: string }> = {
  rejected: { href: '/events/rejected', label: 'Rejected events' },
  workers: { href: '/workers', label: 'Workers' },
  projects: { href: '/', label: 'Projects' },
};

/** The dependencies of this server, and whether they are healthy. */
@ApiExcludeController()
@Controller('status')
@UseInterceptors(ViewInterceptor)
export class StatusPageController {
  constructor(
    private readonly health: HealthService,
    private readonly storage: StorageReport,
    private readonly pages: LivePages,
  ) {}

  @Get()
  async page(): Promise<View> {
    return this.pages.whole(STATUS, await this.model());
  }

  @Get('state')
  async state(): Promise<PartView> {
    return this.pages.part(STATUS, await this.model());
  }

  private async model() {
    const [report, storage] = await Promise.all([this.health.report(), this.storage.now()]);
    const isStopping = report.dependencies.process?.status === 'trouble';
    const dependencies = Object.entries(report.dependencies).map(
      ([name, { status, message, needsAttention }]) => ({
        name: humanised(name),
        isOk: status === 'ok',
        needsAttention,
        // The message of the process is only its uptime. The page shows `uptime` instead, which it keeps counting.
        message: name === 'process' && !isStopping ? null : message,
        more: DETAIL_LINKS[name] ?? null,
      }),
    );
    return {
      isTroubled: report.status === 'trouble',
      needsAttention: dependencies.some(({ needsAttention }) => needsAttention),
      dependencies,
      storage: storageTable(storage),
      uptime: growingDuration(process.uptime() * 1000, process.pid),
    };
  }
}
