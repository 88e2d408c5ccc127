import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { RunQueries } from '../runs/run-queries';

/** What surrounds every page: its title, the way to the others, how many runs are at work. */
export interface PageFrame {
  title: string;
  nav: { label: string; href: string; isCurrent: boolean }[];
  running: number;
  canSignOut: boolean;
  /** Reload after this many seconds where there is no JavaScript. */
  refreshSeconds: number | null;
}

const NAV = [
  { label: 'Projects', href: '/' },
  { label: 'Quota', href: '/quota' },
  { label: 'Workers', href: '/workers' },
  { label: 'Rejected events', href: '/events/rejected' },
  { label: 'Status', href: '/status' },
];

@Injectable()
export class PageFrames {
  constructor(
    private readonly queries: RunQueries,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async frame(title: string, path: string, refreshSeconds: number | null = null): Promise<PageFrame> {
    return {
      title,
      nav: NAV.map((entry) => ({ ...entry, isCurrent: entry.href === path })),
      running: (await this.queries.allActive()).length,
      canSignOut: this.config.adminToken !== null,
      refreshSeconds,
    };
  }
}
