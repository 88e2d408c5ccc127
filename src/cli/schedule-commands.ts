import type { PauseView, ScheduleRecordView, ScheduleView } from '../schedules/schedule.views';
import { localTime } from './durations';
import { EXIT, usageFailure } from './failures';
import type { JobatoClient } from './jobato-client';
import { printJson } from './print-json';
import { type Cell, type Column, table } from './table';
import { Terminal } from './terminal';
import { oneLine } from './terminal-text';

export interface PauseOptions {
  reason?: string;
  until?: string;
}

/** Lists schedules with their next start. Each command returns its exit code. */
export async function schedules(
  client: JobatoClient,
  projectId: string | undefined,
  { json }: { json?: boolean },
): Promise<number> {
  const { items, paused } = await client.schedules(projectId);
  if (json) return printJson({ items, paused });
  const remarks = new Terminal(process.stderr);
  if (paused) remarks.remark(pauseText(paused));
  if (items.length === 0) remarks.remark('No schedules found.');
  const terminal = new Terminal(process.stdout);
  terminal.result(table(terminal, COLUMNS, items));
  return EXIT.done;
}

export async function pause(
  client: JobatoClient,
  projectId: string | undefined,
  { reason, until }: PauseOptions,
): Promise<number> {
  if (until !== undefined && Number.isNaN(Date.parse(until))) {
    throw usageFailure('--until must be a time such as 2026-01-31T22:00:00Z.');
  }
  const end = until === undefined ? undefined : new Date(until).toISOString();
  const paused = await client.pause(projectId, { reason, until: end });
  new Terminal(process.stdout).result([pauseText(paused), '  Manual runs still start.']);
  return EXIT.done;
}

export async function resume(client: JobatoClient, projectId: string | undefined): Promise<number> {
  await client.resume(projectId);
  const what = projectId === undefined ? 'Schedules' : `Schedules of ${oneLine(projectId)}`;
  const { paused } = await client.schedules(projectId);
  new Terminal(process.stdout).result([
    paused
      ? `${what} stay paused, because all projects are. To end that: resume, without a project.`
      : `${what} start runs again.`,
  ]);
  return EXIT.done;
}

function pauseText({ projectId, pausedAt, pausedBy, reason, until }: PauseView): string {
  const what = projectId === null ? 'All schedules are paused' : `Schedules of ${projectId} are paused`;
  const end = until === null ? '' : ` until ${localTime(until)}`;
  const why = reason === null ? '' : `: ${oneLine(reason)}`;
  return `${what} since ${localTime(pausedAt)}${end}, by ${oneLine(pausedBy)}${why}`;
}

const COLUMNS: Column<ScheduleView>[] = [
  { heading: 'PROJECT', cell: ({ projectId }) => projectId },
  { heading: 'SCHEDULE', cell: ({ schedule }) => schedule },
  { heading: 'CRON', cell: ({ cron }) => cron, isText: true },
  { heading: 'TIME ZONE', cell: ({ timeZone }) => timeZone },
  { heading: 'NEXT START', cell: nextStartCell },
  { heading: 'LAST RESULT', cell: ({ lastRecords: [last] }) => (last ? lastResultCell(last) : '') },
];

/** Returns when a schedule starts its next run, or why it does not. */
export function nextStartCell({
  enabled,
  paused,
  nextDueAt: [next],
}: Pick<ScheduleView, 'enabled' | 'paused' | 'nextDueAt'>): Cell {
  if (!enabled || next === undefined) return { text: 'disabled' };
  if (paused === null) return { text: localTime(next), plain: next };
  return { text: `paused (${localTime(next)})`, plain: `paused (${next})` };
}

function lastResultCell({ outcome, dueAt }: ScheduleRecordView): Cell {
  return { text: `${outcome} (${localTime(dueAt)})`, plain: `${outcome} (${dueAt})` };
}
