import { shownScheduleName } from '../projects/schedule-name';
import type { Run } from './run';

/** Returns the user or the schedule that started a run, for people; null if unknown, or for a schedule without a name. */
export function shownStarter({
  triggeredBy,
  triggeredByName: name,
}: Pick<Run, 'triggeredBy' | 'triggeredByName'>): string | null {
  return name !== null && triggeredBy === 'schedule' ? shownScheduleName(name) : name;
}
