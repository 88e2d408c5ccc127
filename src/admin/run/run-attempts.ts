import type { Instant } from '../../clock/clock';
import type { RunEventMap } from '../../events/run-event';
import type { Run } from '../../runs/run';
import type { PastEvent } from '../../history/run-detail.repository';
import { type DurationText, durationOf } from '../words/duration-text';
import { runMark, type StatusMark, stepMark } from '../words/status-mark';
import { timeTextWithSecondsOrNull, type TimeText } from '../words/time-text';

export interface AttemptRow {
  number: number;
  mark: StatusMark;
  /** The outcome of the attempt, if it is not the outcome of the run. */
  remark: string | null;
  worker: string | null;
  startedAt: TimeText | null;
  duration: DurationText | null;
  isCurrent: boolean;
}

/** Returns the attempts of a run, from the events that requested and started them; empty if there is only one. */
export function attemptRows(run: Run, events: PastEvent[], now: Instant): AttemptRow[] {
  if (run.attempt === 1) return [];
  const asked = new Map<number, Instant>();
  const begun = new Map<number, { workerId: string; at: Instant }>();
  for (const { eventType, outcome, origin, appliedAt, payload } of events) {
    if (outcome !== 'applied' || payload === null) continue;
    if (eventType === 'run.requested' && origin === 'server') {
      const { attempt } = JSON.parse(payload) as RunEventMap['run.requested'];
      if (!asked.has(attempt)) asked.set(attempt, appliedAt);
    }
    if (eventType === 'run.started') {
      const { attempt, workerId } = JSON.parse(payload) as RunEventMap['run.started'];
      if (!begun.has(attempt)) begun.set(attempt, { workerId, at: appliedAt });
    }
  }
  return Array.from({ length: run.attempt }, (_, index): AttemptRow => {
    const number = index + 1;
    const isCurrent = number === run.attempt;
    const start = begun.get(number) ?? null;
    // The server requests the next attempt at the moment it gives up the worker of this one.
    const endedAt = isCurrent ? run.endedAt : (asked.get(number + 1) ?? null);
    const startedAt = start?.at ?? asked.get(number) ?? null;
    return {
      number,
      mark: isCurrent ? runMark(run) : stepMark('failed'),
      remark: isCurrent ? null : 'worker lost',
      worker: start?.workerId ?? (isCurrent ? run.workerId : null),
      startedAt: timeTextWithSecondsOrNull(startedAt),
      duration: isCurrent || endedAt !== null ? durationOf({ startedAt, endedAt }, now) : null,
      isCurrent,
    };
  });
}
