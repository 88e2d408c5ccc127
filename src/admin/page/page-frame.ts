import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../../config/config';
import { CONFIG } from '../../config/config.module';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { LiveResults } from '../../results/live-results';
import type { Live } from './live';
import { type Navigation, navigation } from './navigation';
import { type PageHeader, PageHeaders } from './page-header';

/** The frame of every page: title, navigation and header. */
export interface PageFrame extends PageHeader {
  title: string;
  navigation: Navigation;
  canSignOut: boolean;
  /** Seconds between reloads, for browsers without JavaScript. Null unless the reader asked for automatic reloads. */
  refreshSeconds: number | null;
  /** Of the header. */
  live: Live;
}

@Injectable()
export class PageFrames {
  constructor(
    private readonly headers: PageHeaders,
    private readonly projects: ProjectCatalogue,
    private readonly results: LiveResults,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @param path path of the navigation entry of the page */
  async frame(title: string, path: string): Promise<PageFrame> {
    const [header, results] = await Promise.all([this.headers.header(), this.results.all()]);
    const facts = {
      hasResults: results.length > 0,
      hasInputs: this.projects.list().some(({ definition }) => definition.inputs !== null),
    };
    return {
      title,
      navigation: navigation(path, facts),
      canSignOut: this.config.adminToken !== null,
      refreshSeconds: null,
      ...header,
    };
  }
}
