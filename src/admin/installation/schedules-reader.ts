import { Injectable } from '@nestjs/common';
import { Clock, toInstant } from '../../clock/clock';
import { countDue, toCronSchedule } from '../../cron/due-times';
import type { ProjectDefinition, ScheduleEntry } from '../../projects/project';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { RunRepository } from '../../runs/run.repository';
import { nextStartOf } from '../../schedules/next-start';
import { Pauses } from '../../schedules/pauses';
import { ScheduleRepository } from '../../schedules/schedule.repository';
import { schedulesPage, type SchedulesPage, type UpcomingSchedule } from './schedules-page';

const DAY_MS = 86_400_000;
const MAX_RECORDS = 500;

/** Reads the facts for the page of schedules. */
@Injectable()
export class SchedulesReader {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly pauses: Pauses,
    private readonly schedules: ScheduleRepository,
    private readonly runs: RunRepository,
    private readonly clock: Clock,
  ) {}

  async read(): Promise<SchedulesPage> {
    const nowMs = this.clock.nowMs();
    const found = await this.schedules.since(toInstant(nowMs - DAY_MS), MAX_RECORDS + 1);
    const records = found.slice(0, MAX_RECORDS);
    return schedulesPage({
      schedules: this.projects
        .list()
        .flatMap(({ definition }) => definition.schedules.map((entry) => upcoming(definition, entry, nowMs))),
      records,
      areRecordsCut: found.length > MAX_RECORDS,
      pauses: this.pauses.inForce(),
      runNumbers: await this.runs.numbersOf(records.flatMap(({ runId }) => runId ?? [])),
      projectName: (projectId) => this.projects.find(projectId)?.definition.name ?? projectId,
    });
  }
}

function upcoming(project: ProjectDefinition, entry: ScheduleEntry, nowMs: number): UpcomingSchedule {
  const { projectId, name: projectName, isEnabled: isProjectEnabled } = project;
  const isOn = entry.isEnabled && isProjectEnabled;
  return {
    projectId,
    projectName,
    entry,
    isProjectEnabled,
    nextMs: isOn ? nextStartOf(entry, nowMs) : null,
    inDay: () => (isOn ? countDue(toCronSchedule(entry.cron, entry.timeZone), nowMs, nowMs + DAY_MS) : 0),
  };
}
