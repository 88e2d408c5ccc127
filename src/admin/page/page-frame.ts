import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../../config/config';
import { CONFIG } from '../../config/config.module';
import { RejectedEvents } from '../../events/rejected-events';
import { LatestRunRepository } from '../../history/latest-run.repository';
import { pageVersion } from './page-version';

/** The frame of every page: title, navigation and the number of active runs. */
export interface PageFrame {
  title: string;
  /** The path of the current entry of the navigation. */
  path: string;
  running: number;
  /** Identifies the content of the header. */
  runningVersion: string;
  /** The address of the only active run, or of the list. */
  runningHref: string;
  /** True if rejected events wait for an operator. */
  hasRejected: boolean;
  canSignOut: boolean;
  /** Reload interval in seconds without JavaScript; null unless the reader asked for it. */
  refreshSeconds: number | null;
}

@Injectable()
export class PageFrames {
  constructor(
    private readonly latest: LatestRunRepository,
    private readonly rejected: RejectedEvents,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @param path path of the navigation entry of the page */
  async frame(title: string, path: string): Promise<PageFrame> {
    return {
      title,
      path,
      canSignOut: this.config.adminToken !== null,
      refreshSeconds: null,
      ...(await this.running()),
    };
  }

  /** Returns the number of active runs with a link, and the other facts that every header shows. */
  async running(): Promise<Pick<PageFrame, 'running' | 'runningHref' | 'hasRejected' | 'runningVersion'>> {
    const [active, hasRejected] = await Promise.all([this.latest.active(), this.rejected.any()]);
    return {
      hasRejected,
      running: active.length,
      runningHref: active.length === 1 ? `/runs/${active[0]}` : '/',
      runningVersion: pageVersion([], active, hasRejected),
    };
  }
}
