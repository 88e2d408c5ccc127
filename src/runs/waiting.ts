import { elapsedMs, type Instant } from '../clock/clock';
import { WORKER_GROUP } from '../events/event-stream';
import { type ReportingHabit, UNKNOWN_HABIT } from './reporting-habits';
import type { Run } from './run';
import { isHandedOut, phaseOf } from './run-state';

/** A reader of the event stream, or a worker that calls for runs over HTTP. */
export interface Consumer {
  group: string;
  name: string;
  idleMs: number;
}

/** Why a run makes no progress. `waiting-text.ts` has the sentences. */
export type Waiting =
  | { code: 'not-yet-published'; isFresh: boolean }
  /** An external worker may have the request: nothing was heard, which is no sign that none works. */
  | { code: 'handed-out'; publishedAt: Instant; typicalMs: number | null; consumers: Consumer[] }
  | { code: 'no-worker-yet'; executor: 'external'; publishedAt: Instant; consumers: Consumer[] }
  | { code: 'no-worker-yet'; executor: 'elsewhere'; consumers: Consumer[] }
  | { code: 'no-worker-yet'; executor: 'embedded'; isFresh: boolean }
  | { code: 'workers-busy'; slots: number }
  | { code: 'stopping' }
  | { code: 'worker-silent' };

/** What is known beside the run itself. */
export interface WaitingFacts {
  /** Its request still lies in the outbox. */
  unpublished: boolean;
  /** Workers of this installation that carry out steps; none with WORKER=off and nothing else started. */
  stepWorkers: { slots: number; busy: number };
  /** Who reads the stream of events in a group, or calls for runs over HTTP, and was heard of lately. */
  consumers: Consumer[];
  /** Of the workers of the run's project; absent where it was not looked up. */
  habit?: ReportingHabit;
}

/** Named like a group, for people: workers that ask for runs by a call. */
export const HTTP_CALLERS = 'HTTP';

/** A run is published and taken within milliseconds where all is well; what takes longer than this is worth a word. */
export const USUAL_WAIT_MS = 2000;

/** Returns why a run makes no progress; null if nothing holds it up. Pure. */
export function waitingFor(run: Run, facts: WaitingFacts, now: Instant): Waiting | null {
  switch (phaseOf(run)) {
    case 'waiting':
      return waitingForWorker(run, facts, now);
    case 'stopping':
      return { code: 'stopping' };
    case 'active':
      if (run.stopReport !== null) return { code: 'stopping' };
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
  // Asked for again, it lies in the outbox once more, and is with the workers all the same.
  if (unpublished && !isHandedOut(run)) return { code: 'not-yet-published', isFresh };
  if (run.executor === 'external') {
    const facts = {
      // Published a moment ago, which is noted with the next write.
      publishedAt: run.requestPublishedAt ?? now,
      consumers: consumers.filter(({ group }) => group !== WORKER_GROUP),
    };
    return habit.reports === 'at-start'
      ? { code: 'no-worker-yet', executor: 'external', ...facts }
      : { code: 'handed-out', typicalMs: habit.typicalMs, ...facts };
  }
  if (stepWorkers.slots === 0) {
    const workers = consumers.filter(({ group }) => group === WORKER_GROUP || group === HTTP_CALLERS);
    return { code: 'no-worker-yet', executor: 'elsewhere', consumers: workers };
  }
  return stepWorkers.busy >= stepWorkers.slots
    ? { code: 'workers-busy', slots: stepWorkers.slots }
    : { code: 'no-worker-yet', executor: 'embedded', isFresh: isFresh && run.attempt === 1 };
}
