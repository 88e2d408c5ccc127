import { Injectable } from '@nestjs/common';
import { Clock, toInstant } from '../clock/clock';
import { nextDue, toCronSchedule } from '../cron/due-times';
import type { ProjectDefinition, ScheduleEntry } from '../projects/project';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { ALL_PROJECTS } from './pause';
import { Pauses } from './pauses';
import { ScheduleRepository } from './schedule.repository';
import type { ScheduleKey } from './schedule-record';
import {
  pauseView,
  type ProjectScheduleView,
  recordView,
  type SchedulePageView,
  type ScheduleView,
} from './schedule.views';

const NEXT = 5;
const LAST = 5;

/** What schedules will do and have done. */
@Injectable()
export class SchedulesService {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly repository: ScheduleRepository,
    private readonly pauses: Pauses,
    private readonly clock: Clock,
  ) {}

  /** Returns the schedules of all projects, by project and name. */
  async page(limit: number, cursor?: string): Promise<SchedulePageView> {
    const all = this.projects
      .list()
      .flatMap(({ definition }) => definition.schedules.map((entry) => ({ definition, entry })))
      .map((one) => ({ ...one, position: `${one.definition.projectId}/${one.entry.name}` }))
      .sort((one, other) => (one.position < other.position ? -1 : 1))
      .filter(({ position }) => cursor === undefined || position > cursor);
    const shown = all.slice(0, limit);
    const ofAll = this.pauses.inForce().find(({ scope }) => scope === ALL_PROJECTS);
    return {
      items: await Promise.all(shown.map(({ definition, entry }) => this.view(definition, entry))),
      paused: ofAll ? pauseView(ofAll) : null,
      nextCursor: all.length > limit ? shown.at(-1)!.position : null,
    };
  }

  /** @throws JobatoError PROJECT_NOT_FOUND */
  async ofProject(projectId: string): Promise<ProjectScheduleView> {
    const { definition } = this.projects.get(projectId);
    const paused = this.pauses.ofProject(projectId);
    return {
      projectId,
      items: await Promise.all(definition.schedules.map((entry) => this.view(definition, entry))),
      paused: paused && pauseView(paused),
    };
  }

  /** Returns the next due times of an entry, in milliseconds since 1970. */
  nextDues(
    { cron, timeZone, isEnabled }: ScheduleEntry,
    { isEnabled: isProjectEnabled }: ProjectDefinition,
    count: number,
  ): number[] {
    if (!isEnabled || !isProjectEnabled) return [];
    const schedule = toCronSchedule(cron, timeZone);
    const dues: number[] = [];
    for (let ms = this.clock.nowMs(); dues.length < count; dues.push(ms)) ms = nextDue(schedule, ms);
    return dues;
  }

  private async view(definition: ProjectDefinition, entry: ScheduleEntry): Promise<ScheduleView> {
    const key: ScheduleKey = { projectId: definition.projectId, schedule: entry.name };
    const paused = this.pauses.ofProject(key.projectId);
    const { items } = await this.repository.list(key.projectId, { schedule: entry.name, limit: LAST });
    return {
      ...key,
      cron: entry.cron,
      timeZone: entry.timeZone,
      scope: entry.scope,
      params: entry.params,
      catchUp: entry.catchUp,
      enabled: entry.isEnabled && definition.isEnabled,
      paused: paused && pauseView(paused),
      nextDueAt: this.nextDues(entry, definition, NEXT).map(toInstant),
      lastRecords: items.map(recordView),
    };
  }
}
