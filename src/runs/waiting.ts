import { commandLine } from '../config/command-line';
import { elapsedMs, type Instant } from '../clock/clock';
import { elapsedText } from '../clock/elapsed-text';
import { WORKER_GROUP } from '../events/event-stream';
import { type ReportingHabit, UNKNOWN_HABIT } from './reporting-habits';
import type { Run } from './run';
import { isHandedOut, phaseOf } from './run-state';
import { plainText, stopWords } from './stop-words';

interface Consumer {
  group: string;
  name: string;
  idleMs: number;
}

/** Why a run is not further, as facts. */
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
const MAX_NAMED = 5;

/** A run is published and taken within milliseconds where all is well; what takes longer than this is worth a word. */
export const USUAL_WAIT_MS = 2000;

/** Why a run is not further; null if nothing holds it up. Pure. */
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

/** The same sentence on the page, in the API and in the terminal. */
export function waitingMessage(waiting: Waiting, run: Run, now: Instant): string {
  switch (waiting.code) {
    case 'not-yet-published':
      return waiting.isFresh
        ? 'Accepted. Its request is on the way to the workers.'
        : 'The run is accepted and safe, but the event stream does not take its request. It is tried again each second.';
    case 'handed-out':
      return waiting.typicalMs === null
        ? `Published at ${waiting.publishedAt}; no worker has reported yet. ${startHint(run, waiting.consumers)}`
        : `Handed to a worker at ${waiting.publishedAt}. This project's workers report only at the end, ` +
            `typically after ${typicalText(waiting.typicalMs)}.`;
    case 'no-worker-yet':
      return noWorkerMessage(waiting, run);
    case 'workers-busy':
      return `All ${waiting.slots} places are taken by other runs (WORKER_CONCURRENCY). It starts as soon as one is free.`;
    case 'stopping':
      return plainText(stopWords(run, now) ?? []);
    case 'worker-silent':
      return `The worker ${run.workerId ?? ''} has not been heard from since ${run.lastHeardAt}. It is about to be given up.`;
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

function noWorkerMessage(waiting: Extract<Waiting, { code: 'no-worker-yet' }>, run: Run): string {
  switch (waiting.executor) {
    case 'external':
      return (
        `No external worker has reported since the request was published at ${waiting.publishedAt}; this ` +
        `project's workers report when they begin. ${startHint(run, waiting.consumers)}`
      );
    case 'elsewhere':
      return (
        `No worker has taken the run ${sinceWhen(run)}, and this server carries out no steps itself (WORKER=off). ` +
        (waiting.consumers.length === 0
          ? `Start a worker: ${commandLine('worker')}.`
          : seenConsumers(waiting.consumers))
      );
    case 'embedded':
      return waiting.isFresh
        ? 'No worker has taken the run yet. It has only just been asked for.'
        : `No worker has taken the run ${sinceWhen(run)}, though there is a place for it. If this lasts, see Workers and Status.`;
  }
}

function startHint({ projectId }: Run, consumers: Consumer[]): string {
  return `If none is running, start the worker of project ${projectId}. ${seenConsumers(consumers)}`;
}

function typicalText(ms: number): string {
  return ms < 1000 ? 'less than 1 s' : elapsedText(ms);
}

/** When a later attempt began to wait is not kept. */
function sinceWhen({ attempt, startedAt }: Run): string {
  return attempt === 1 ? `since ${startedAt}` : `for attempt ${attempt} yet`;
}

function seenConsumers(consumers: Consumer[]): string {
  if (consumers.length === 0) {
    return 'No worker was heard of lately; one that reads the stream without a group cannot be seen.';
  }
  const named = consumers
    .slice(0, MAX_NAMED)
    .map(({ group, name, idleMs }) => `${name} (${group}, ${Math.round(idleMs / 1000)} s ago)`);
  const more = consumers.length > MAX_NAMED ? ` and ${consumers.length - MAX_NAMED} more` : '';
  return `Heard of lately: ${named.join(', ')}${more}.`;
}
