import type { PauseView, ScheduleView } from '../schedules/schedule.views';
import { localTime } from './durations';
import { EXIT, usageFailure } from './failures';
import type { JobatoClient } from './jobato-client';
import { aligned } from './run-table';
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
  if (json) {
    process.stdout.write(`${JSON.stringify({ items, paused }, null, 2)}\n`);
    return EXIT.done;
  }
  const terminal = new Terminal(process.stdout);
  if (paused) terminal.result([pauseText(paused)]);
  if (items.length === 0) terminal.result(['No schedules found.']);
  else terminal.result(scheduleTable(terminal, items));
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

function scheduleTable(terminal: Terminal, items: readonly ScheduleView[]): string[] {
  const [heading, ...rows] = aligned([
    ['PROJECT', 'SCHEDULE', 'CRON', 'TIME ZONE', 'NEXT START', 'LAST RESULT'],
    ...items.map(({ projectId, schedule, cron, timeZone, enabled, paused, nextDueAt, lastRecords }) => [
      projectId,
      schedule,
      oneLine(cron),
      timeZone,
      nextText(enabled, paused !== null, nextDueAt[0]),
      lastRecords[0] ? `${lastRecords[0].outcome} (${localTime(lastRecords[0].dueAt)})` : '',
    ]),
  ]);
  return [terminal.styled('bold', heading!.trimEnd()), ...rows.map((row) => row.trimEnd())];
}

function nextText(isEnabled: boolean, isPaused: boolean, next: string | undefined): string {
  if (!isEnabled || next === undefined) return 'disabled';
  return isPaused ? `paused (${localTime(next)})` : localTime(next);
}
