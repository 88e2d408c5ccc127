import type { ProjectView } from '../projects/project-view';
import { RUN_STATUSES, type RunStatus } from '../runs/run';
import type { ScheduleView } from '../schedules/schedule.views';
import { commandLine } from '../config/command-line';
import { localTime } from './durations';
import { EXIT } from './failures';
import type { JobatoClient } from './jobato-client';
import { printJson } from './print-json';
import { nextStartCell } from './schedule-commands';
import { statusCell } from './status-words';
import { type Cell, type Column, table } from './table';
import { Terminal } from './terminal';

export const PROJECT_STATES = ['never-run', ...RUN_STATUSES] as const;

export interface ProjectsOptions {
  tag?: string;
  state?: string;
  json?: boolean;
}

interface Listed extends ProjectView {
  /** The schedule that starts the next run; null without any. */
  nextSchedule: ScheduleView | null;
}

const COLUMNS: Column<Listed>[] = [
  { heading: 'PROJECT', cell: ({ projectId }) => projectId },
  { heading: 'NAME', cell: ({ name }) => name, isText: true },
  { heading: 'STATE', cell: stateCell },
  { heading: 'LAST RUN', cell: lastRunCell },
  { heading: 'NEXT START', cell: ({ nextSchedule }) => (nextSchedule ? nextStartCell(nextSchedule) : '') },
  { heading: 'TAGS', cell: ({ tags }) => tags.join(', '), isText: true },
];

/** Lists projects with their last run and next start. Returns the exit code. */
export async function projects(client: JobatoClient, { tag, state, json }: ProjectsOptions): Promise<number> {
  const [{ items, problems }, { items: schedules }] = await Promise.all([
    client.projectList(tag),
    client.schedules(),
  ]);
  const listed = items
    .filter((project) => state === undefined || project.state === state)
    .map((project) => ({ ...project, nextSchedule: nextSchedule(project, schedules) }));
  if (json) {
    const rows = listed.map(({ nextSchedule: next, ...project }) => ({
      ...project,
      nextDueAt: next?.nextDueAt[0] ?? null,
      paused: next?.paused ?? null,
    }));
    return printJson({ items: rows, problems });
  }
  const terminal = new Terminal(process.stdout);
  terminal.result(table(terminal, COLUMNS, listed));
  const remarks = new Terminal(process.stderr);
  if (listed.length === 0) remarks.remark('No projects found.');
  if (problems.length > 0) {
    const [what, them] =
      problems.length === 1 ? ['1 problem', 'it'] : [`${problems.length} problems`, 'them'];
    remarks.remark(`Configuration files have ${what}. To list ${them}: ${commandLine('validate')}`);
  }
  return EXIT.done;
}

function nextSchedule({ projectId }: ProjectView, schedules: readonly ScheduleView[]): ScheduleView | null {
  const due = schedules
    .filter((each) => each.projectId === projectId && each.enabled && each.nextDueAt.length > 0)
    .toSorted((a, b) => Date.parse(a.nextDueAt[0]!) - Date.parse(b.nextDueAt[0]!));
  return due[0] ?? null;
}

function stateCell({ state, enabled }: Listed): Cell {
  const cell = isRunStatus(state) ? statusCell(state) : statusCell('pending', state);
  return enabled ? cell : { ...cell, text: `${cell.text}, disabled`, plain: `${state}, disabled` };
}

function lastRunCell({ latestRun }: Listed): Cell {
  if (latestRun === null) return { text: '' };
  const { number, startedAt } = latestRun;
  return { text: `#${number} ${localTime(startedAt)}`, plain: `${number} ${startedAt}` };
}

function isRunStatus(state: string): state is RunStatus {
  return (RUN_STATUSES as readonly string[]).includes(state);
}
