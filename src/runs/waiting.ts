import { elapsedMs, type Instant } from '../clock/clock';
import { WORKER_GROUP } from '../events/event-stream';
import { HTTP_WORKER_GROUP } from '../presence/worker-presence';
import { type ReportingHabit, UNKNOWN_HABIT } from './reporting-habits';
import type { Run } from './run';
import { isHandedOut, phaseOf } from './run-state';

/** A consumer of the event stream, or a worker that requests runs over HTTP. */
export interface Consumer {
  group: string;
  name: string;
  idleMs: number;
}

/** Why a run makes no progress. `waiting-text.ts` has the sentences. */
export type Waiting =
  | { code: 'not-yet-published'; isFresh: boolean }
  /** An external worker may have the request. Workers that report only at the end are silent while they work. */
  | { code: 'handed-out'; publishedAt: Instant; typicalMs: number | null; consumers: Consumer[] }
  | { code: 'no-worker-yet'; executor: 'external'; publishedAt: Instant; consumers: Consumer[] }
  | { code: 'no-worker-yet'; executor: 'elsewhere'; consumers: Consumer[] }
  | { code: 'no-worker-yet'; executor: 'embedded'; isFresh: boolean }
  | { code: 'workers-busy'; slots: number }
  | { code: 'stopping' }
  | { code: 'worker-silent' };

/** Facts that the run itself does not contain. */
export interface WaitingFacts {
  /** The request is still in the outbox. */
  unpublished: boolean;
  /** Slots of the embedded worker; 0 with WORKER=off. */
  stepWorkers: { slots: number; busy: number };
  /** Consumers seen lately: they read the event stream in a group, or request runs over HTTP. */
  consumers: Consumer[];
  /** The habit of the workers of the run's project; absent if it was not looked up. */
  habit?: ReportingHabit;
}

/**
 * Milliseconds that a run may wait without an explanation. Normally a run is published and claimed within milliseconds.
 */
export const USUAL_WAIT_MS = 2000;

/** Returns why a run makes no progress; null if it is not blocked. Pure. */
export function waitingFor(run: Run, facts: WaitingFacts, now: Instant): Waiting | null {
  switch (phaseOf(run)) {
    case 'waiting':
      return waitingForWorker(run, facts, now);
    case 'stopping':
      return { code: 'stopping' };
    case 'active':
      if (run.stopReports !== null) return { code: 'stopping' };
      return run.leaseExpiresAt !== null && run.leaseExpiresAt < now ? { code: 'worker-silent' } : null;
    default:
      return null;
  }
}

function waitingForWorker(
  run: Run,
  { unpublished, stepWorkers, consumers, habit = UNKNOWN_HABIT }: WaitingFacts,
  now: Instant,
): Waiting {
  const isFresh = elapsedMs(run.startedAt, now) < USUAL_WAIT_MS;
  // A run that was requested again is in the outbox, but workers may already have the first request.
  if (unpublished && !isHandedOut(run)) return { code: 'not-yet-published', isFresh };
  if (run.executor === 'external') {
    const facts = {
      // Null just after publication: the relay stores it with a later write.
      publishedAt: run.requestPublishedAt ?? now,
      consumers: consumers.filter(({ group }) => group !== WORKER_GROUP),
    };
    return habit.reports === 'at-start'
      ? { code: 'no-worker-yet', executor: 'external', ...facts }
      : { code: 'handed-out', typicalMs: habit.typicalMs, ...facts };
  }
  if (stepWorkers.slots === 0) {
    const workers = consumers.filter(({ group }) => group === WORKER_GROUP || group === HTTP_WORKER_GROUP);
    return { code: 'no-worker-yet', executor: 'elsewhere', consumers: workers };
  }
  return stepWorkers.busy >= stepWorkers.slots
    ? { code: 'workers-busy', slots: stepWorkers.slots }
    : { code: 'no-worker-yet', executor: 'embedded', isFresh: isFresh && run.attempt === 1 };
}
