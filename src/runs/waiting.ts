import { elapsedMs, type Instant } from '../clock/clock';
import { WORKER_GROUP } from '../events/event-stream';
import { phaseOf } from './run-state';
import { plainText, stopWords } from './stop-words';
import type { Run } from './run';

export interface Waiting {
  code: 'not-yet-published' | 'no-worker-yet' | 'workers-busy' | 'stopping' | 'worker-silent';
  message: string;
}

/** What is known beside the run itself. */
export interface WaitingFacts {
  /** Its request still lies in the outbox. */
  unpublished: boolean;
  /** Workers of this installation that carry out steps; none with WORKER=off and nothing else started. */
  stepWorkers: { slots: number; busy: number };
  /** Who reads the stream of events in a group, or calls for runs over HTTP, and was heard of lately. */
  consumers: { group: string; name: string; idleMs: number }[];
}

/** Named like a group, for people: workers that ask for runs by a call. */
export const HTTP_CALLERS = 'HTTP';
const MAX_NAMED = 5;

/** A run is published and taken within milliseconds where all is well; what takes longer than this is worth a word. */
export const USUAL_WAIT_MS = 2000;

/** Why a run is not further: the same words on the page, in the API and in the terminal. Null if nothing holds it up. */
export function waitingFor(run: Run, facts: WaitingFacts, now: Instant): Waiting | null {
  switch (phaseOf(run)) {
    case 'waiting':
      return waitingForWorker(run, facts, now);
    case 'stopping':
      return stopping(run, now);
    case 'active':
      if (run.stopReport !== null) return stopping(run, now);
      return run.leaseExpiresAt !== null && run.leaseExpiresAt < now
        ? {
            code: 'worker-silent',
            message: `The worker ${run.workerId ?? ''} has not been heard from since ${run.lastHeardAt}. It is about to be given up.`,
          }
        : null;
    default:
      return null;
  }
}

function stopping(run: Run, now: Instant): Waiting {
  return { code: 'stopping', message: plainText(stopWords(run, now) ?? []) };
}

function waitingForWorker(
  run: Run,
  { unpublished, stepWorkers, consumers }: WaitingFacts,
  now: Instant,
): Waiting {
  if (unpublished) {
    return {
      code: 'not-yet-published',
      message:
        elapsedMs(run.startedAt, now) < USUAL_WAIT_MS
          ? 'Accepted. Its request is on the way to the workers.'
          : 'The run is accepted and safe, but the event stream does not take its request. It is tried again each second.',
    };
  }
  if (run.executor === 'external') {
    return {
      code: 'no-worker-yet',
      message:
        `No external worker has taken the run ${sinceWhen(run)}. Start the worker of project ${run.projectId}. ` +
        seenConsumers(consumers.filter(({ group }) => group !== WORKER_GROUP)),
    };
  }
  if (stepWorkers.slots === 0) {
    const workers = consumers.filter(({ group }) => group === WORKER_GROUP || group === HTTP_CALLERS);
    return {
      code: 'no-worker-yet',
      message:
        `No worker has taken the run ${sinceWhen(run)}, and this server carries out no steps itself (WORKER=off). ` +
        (workers.length === 0 ? 'Start a worker: npm run worker.' : seenConsumers(workers)),
    };
  }
  return stepWorkers.busy >= stepWorkers.slots
    ? {
        code: 'workers-busy',
        message: `All ${stepWorkers.slots} places are taken by other runs (WORKER_CONCURRENCY). It starts as soon as one is free.`,
      }
    : {
        code: 'no-worker-yet',
        message:
          run.attempt === 1 && elapsedMs(run.startedAt, now) < USUAL_WAIT_MS
            ? 'No worker has taken the run yet. It has only just been asked for.'
            : `No worker has taken the run ${sinceWhen(run)}, though there is a place for it. If this lasts, see Workers and Status.`,
      };
}

/** When a later attempt began to wait is not kept. */
function sinceWhen({ attempt, startedAt }: Run): string {
  return attempt === 1 ? `since ${startedAt}` : `for attempt ${attempt} yet`;
}

function seenConsumers(consumers: WaitingFacts['consumers']): string {
  if (consumers.length === 0) {
    return 'No worker was heard of lately; one that reads the stream without a group cannot be seen.';
  }
  const named = consumers
    .slice(0, MAX_NAMED)
    .map(({ group, name, idleMs }) => `${name} (${group}, ${Math.round(idleMs / 1000)} s ago)`);
  const more = consumers.length > MAX_NAMED ? ` and ${consumers.length - MAX_NAMED} more` : '';
  return `Heard of lately: ${named.join(', ')}${more}.`;
}
