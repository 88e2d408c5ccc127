import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../../config/config';
import { CONFIG } from '../../config/config.module';
import { RejectedEvents } from '../../events/rejected-events';
import { LatestRunRepository } from '../../history/latest-run.repository';
import { pageVersion } from './page-version';

/** What surrounds every page: its title, the way to the others, how many runs are at work. */
export interface PageFrame {
  title: string;
  /** Of the entry of the navigation that it belongs to. */
  path: string;
  running: number;
  /** Names what is said of them. */
  runningVersion: string;
  /** To the one that is at work, or to where all of them are seen. */
  runningHref: string;
  /** Whether there are rejected events, which wait for a person. */
  hasRejected: boolean;
  canSignOut: boolean;
  /** Reload after this many seconds where there is no JavaScript; null unless a reader asked for it. */
  refreshSeconds: number | null;
}

@Injectable()
export class PageFrames {
  constructor(
    private readonly latest: LatestRunRepository,
    private readonly rejected: RejectedEvents,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @param path of the entry of the navigation that the page belongs to */
  async frame(title: string, path: string): Promise<PageFrame> {
    return {
      title,
      path,
      canSignOut: this.config.adminToken !== null,
      refreshSeconds: null,
      ...(await this.running()),
    };
  }

  /** How many runs are at work, and the way to them; and what else is seen from every page. */
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
