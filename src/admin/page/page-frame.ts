import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../../config/config';
import { CONFIG } from '../../config/config.module';
import { RejectedEvents } from '../../events/rejected-events';
import { LatestRunRepository } from '../../history/latest-run.repository';
import { Notifications } from '../../notifications/notifications.service';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { ALL_PROJECTS } from '../../schedules/pause';
import { Pauses } from '../../schedules/pauses';
import { numberText } from '../words/number-text';
import { type PauseText, pauseText } from '../words/schedule-words';
import { type Live, live } from './live';

/** The facts that every header shows. */
export interface PageHeader {
  /** The number of active runs. */
  running: number;
  /** If exactly one run is active, its address; else the address of the overview. */
  runningHref: string;
  /** The pauses in force: who, why and until when. */
  pauses: (PauseText & { projectName: string | null; resume: string })[];
  /** How many further projects are paused, as text; null if all are shown. */
  morePauses: string | null;
  /** True if rejected events wait for an operator. */
  hasRejected: boolean;
  /** True if a channel for notifications does not work. */
  hasFailingChannel: boolean;
}

/** The frame of every page: title, navigation and header. */
export interface PageFrame extends PageHeader {
  title: string;
  /** The path of the current entry of the navigation. */
  path: string;
  /** True if a project gets searches from queries and domains, so that the navigation has their page. */
  hasInputs: boolean;
  canSignOut: boolean;
  /** Seconds between reloads, for browsers without JavaScript. Null unless the reader asked for automatic reloads. */
  refreshSeconds: number | null;
  /** Of the header. */
  live: Live;
}

/** Pauses of this many projects are shown on each page. */
const SHOWN_PAUSES = 3;

@Injectable()
export class PageFrames {
  constructor(
    private readonly latest: LatestRunRepository,
    private readonly rejected: RejectedEvents,
    private readonly pauses: Pauses,
    private readonly projects: ProjectCatalogue,
    private readonly notifications: Notifications,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @param path path of the navigation entry of the page */
  async frame(title: string, path: string): Promise<PageFrame> {
    return {
      title,
      path,
      hasInputs: this.projects.list().some(({ definition }) => definition.inputs !== null),
      canSignOut: this.config.adminToken !== null,
      refreshSeconds: null,
      ...(await this.header()),
    };
  }

  async header(): Promise<PageHeader & { live: Live }> {
    const [activeRunIds, hasRejected, channels] = await Promise.all([
      this.latest.active(),
      this.rejected.any(),
      this.notifications.statuses(),
    ]);
    const pauses = this.pauses.inForce();
    return live('/running', {
      pauses: pauses.slice(0, SHOWN_PAUSES).map((pause) => ({
        ...pauseText(pause),
        projectName: this.nameOf(pause.scope),
        resume: pause.scope === ALL_PROJECTS ? '/schedules/resume' : `/projects/${pause.scope}/resume`,
      })),
      morePauses: pauses.length > SHOWN_PAUSES ? numberText(pauses.length - SHOWN_PAUSES) : null,
      hasRejected,
      hasFailingChannel: channels.some(({ isFailing }) => isFailing),
      running: activeRunIds.length,
      runningHref: activeRunIds.length === 1 ? `/runs/${activeRunIds[0]}` : '/',
    });
  }

  private nameOf(scope: string): string | null {
    return scope === ALL_PROJECTS ? null : (this.projects.find(scope)?.definition.name ?? scope);
  }
}
