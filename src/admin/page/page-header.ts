import { Injectable } from '@nestjs/common';
import { Clock, plusSeconds } from '../../clock/clock';
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
  /** If exactly one run is active, its address; else the address of all active runs. */
  runningHref: string;
  /** How many runs failed in the last 24 hours, as text; null for none. */
  failed: string | null;
  /** The pauses in force: who, why and until when. */
  pauses: (PauseText & { projectName: string | null; resume: string })[];
  /** How many further projects are paused, as text; null if all are shown. */
  morePauses: string | null;
  /** True if rejected events wait for an operator. */
  hasRejected: boolean;
  /** True if a channel for notifications does not work. */
  hasFailingChannel: boolean;
}

/** Pauses of this many projects are shown on each page. */
const SHOWN_PAUSES = 3;
const DAY_SECONDS = 24 * 3600;

@Injectable()
export class PageHeaders {
  constructor(
    private readonly latest: LatestRunRepository,
    private readonly rejected: RejectedEvents,
    private readonly pauses: Pauses,
    private readonly projects: ProjectCatalogue,
    private readonly notifications: Notifications,
    private readonly clock: Clock,
  ) {}

  async header(): Promise<PageHeader & { live: Live }> {
    const [activeRunIds, failed, hasRejected, channels] = await Promise.all([
      this.latest.active(),
      this.latest.failedSince(plusSeconds(this.clock.now(), -DAY_SECONDS)),
      this.rejected.any(),
      this.notifications.statuses(),
    ]);
    const pauses = this.pauses.inForce();
    return live('/running', {
      running: activeRunIds.length,
      runningHref: activeRunIds.length === 1 ? `/runs/${activeRunIds[0]}` : '/runs?status=running',
      failed: failed === 0 ? null : numberText(failed),
      pauses: pauses.slice(0, SHOWN_PAUSES).map((pause) => ({
        ...pauseText(pause),
        projectName: this.nameOf(pause.scope),
        resume: pause.scope === ALL_PROJECTS ? '/schedules/resume' : `/projects/${pause.scope}/resume`,
      })),
      morePauses: pauses.length > SHOWN_PAUSES ? numberText(pauses.length - SHOWN_PAUSES) : null,
      hasRejected,
      hasFailingChannel: channels.some(({ isFailing }) => isFailing),
    });
  }

  private nameOf(scope: string): string | null {
    return scope === ALL_PROJECTS ? null : (this.projects.find(scope)?.definition.name ?? scope);
  }
}
