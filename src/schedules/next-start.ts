import { type CronSchedule, nextDue, toCronSchedule } from '../cron/due-times';
import type { ProjectDefinition, ScheduleEntry } from '../projects/project';

interface Known {
  cron: CronSchedule;
  afterMs: number;
  nextMs: number;
}

/** By entry, which is the same object until its file changes. */
const known = new WeakMap<ScheduleEntry, Known>();

/**
 * Returns the next due time of an enabled entry, in milliseconds since 1970. Pages ask for those of many projects every
 * few seconds, so it is kept until it passes.
 */
export function nextStartOf(entry: ScheduleEntry, nowMs: number): number {
  const kept = known.get(entry);
  if (kept !== undefined && kept.afterMs <= nowMs && nowMs < kept.nextMs) return kept.nextMs;
  const cron = kept?.cron ?? toCronSchedule(entry.cron, entry.timeZone);
  const nextMs = nextDue(cron, nowMs);
  known.set(entry, { cron, afterMs: nowMs, nextMs });
  return nextMs;
}

/** Returns the next due time of a project; null if none of its schedules is enabled. */
export function nextStartOfProject(
  { isEnabled, schedules }: ProjectDefinition,
  nowMs: number,
): number | null {
  const entries = isEnabled ? schedules.filter((entry) => entry.isEnabled) : [];
  if (entries.length === 0) return null;
  return entries.reduce((first, entry) => Math.min(first, nextStartOf(entry, nowMs)), Infinity);
}
