import type { ScheduleRecordPageView, ScheduleRecordView } from '../../src/schedules/schedule.views';
import { nodeStep } from './jobato';
import { until } from './until';

/** Returns a project that is due in each second, with a step that ends at once. */
export function everySecond(id: string, more = ''): string {
  return nodeStep(id, '0', `schedule: { cron: '* * * * * *'${more} }\n`);
}

/** Returns the newest records of a project, newest first. */
export async function scheduleRecords(url: string, projectId: string): Promise<ScheduleRecordView[]> {
  const response = await fetch(`${url}/api/projects/${projectId}/schedule/records?limit=200`);
  return ((await response.json()) as ScheduleRecordPageView).items;
}

/** Resolves with the records, newest first, as soon as the condition holds. */
export async function untilRecords(
  url: string,
  projectId: string,
  isReached: (records: ScheduleRecordView[]) => boolean,
): Promise<ScheduleRecordView[]> {
  let found: ScheduleRecordView[] = [];
  await until(async () => isReached((found = await scheduleRecords(url, projectId))));
  return found;
}

export function outcomes(found: ScheduleRecordView[]): Set<string> {
  return new Set(found.map(({ outcome }) => outcome));
}

/** Resolves when the server has stored its schedules, so that a restart knows them. */
export async function untilFollowed(url: string): Promise<void> {
  await until(async () => {
    const health = await (await fetch(`${url}/api/health`)).text();
    return /[1-9]\d* schedules?"/.test(health);
  });
}
