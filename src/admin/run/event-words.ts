import type { RunEventMap, RunEventType } from '../../events/run-event';
import { reasonWords } from '../words/plain-words';

/** An event as it lies in the run's history. */
export interface ToldEvent {
  eventType: string;
  /** `applied`, or why it changed nothing. */
  outcome: string;
  /** `active → completed`, where it changed the phase; `made known to workers` for what we said ourselves. */
  effect: string | null;
  /** Null where it is too large to be told in detail. */
  payload: object | null;
}

/** Said so often that several in a row are one line. */
export type Chatter = 'progress report' | 'sign of life' | 'portion of log lines';

export type EventWords =
  /** With `left`, it is news of what is left of a step that was sent a signal: of those in a row the last counts. */
  { text: string; chatter: null; left?: string } | { text: null; chatter: Chatter };

const PEOPLE: Record<string, string> = {
  page: 'by a person',
  api: 'through the API',
};

const FOREIGN_REQUEST = 'Somebody else said that the run was requested; that changed nothing';
const FOREIGN_STOP = 'Somebody else asked workers for a stop; the run itself was not asked to stop';

/** What an event did, or that it did nothing, in plain words. */
export function eventWords({ eventType, outcome, effect, payload }: ToldEvent): EventWords {
  if (outcome !== 'applied') return said(refusedWords(eventType, outcome));
  if (payload === null) return wordsWithoutDetails(eventType, effect);
  switch (eventType as RunEventType) {
    case 'run.requested':
      return said(requestedWords(effect, payload as RunEventMap['run.requested']));
    case 'run.started': {
      const { workerId, attempt } = payload as RunEventMap['run.started'];
      return said(`${workerId} began (attempt ${attempt})`);
    }
    case 'run.heartbeat':
      return { text: null, chatter: 'sign of life' };
    case 'run.log':
      return { text: null, chatter: 'portion of log lines' };
    case 'run.progress':
      return progressWords(payload);
    case 'run.completed':
      return said(completedWords(payload));
    case 'run.failed': {
      const { errorCode, message } = payload as RunEventMap['run.failed'];
      return said(`The run failed: ${message} (${errorCode})`);
    }
    case 'run.cancel.requested':
      return said(stopWords(effect, payload as RunEventMap['run.cancel.requested']));
    case 'run.cancelled':
      return said('The worker confirmed that it has stopped; the run is cancelled');
    default:
      return said(`${eventType} arrived`);
  }
}

function wordsWithoutDetails(eventType: string, effect: string | null): EventWords {
  const words = () => {
    switch (eventType as RunEventType) {
      case 'run.requested':
        return effect === null ? FOREIGN_REQUEST : 'Made known to workers';
      case 'run.started':
        return 'A worker began';
      case 'run.progress':
        return 'Progress was reported';
      case 'run.completed':
        return effect?.endsWith('→ partial') ? 'The run ended as partial' : 'The run completed';
      case 'run.failed':
        return 'The run failed';
      case 'run.cancel.requested':
        return effect === null ? FOREIGN_STOP : 'Stop asked for';
      default:
        return null;
    }
  };
  const text = words();
  // Of the others nothing is told that lies in their payload.
  if (text === null) return eventWords({ eventType, outcome: 'applied', effect, payload: {} });
  return said(`${text} (too large to be shown in detail)`);
}

function said(text: string): EventWords {
  return { text, chatter: null };
}

function requestedWords(
  effect: string | null,
  { attempt, requestedBy }: RunEventMap['run.requested'],
): string {
  if (effect === null) return FOREIGN_REQUEST;
  if (requestedBy !== undefined)
    return `Workers asked again ${PEOPLE[requestedBy] ?? `by ${requestedBy}`}: the request was published once more`;
  return attempt === 1 ? 'Made known to workers' : `Made known to workers again, as attempt ${attempt}`;
}

function progressWords(payload: RunEventMap['run.progress']): EventWords {
  const { step, stepStatus, exitCode, stopping, artifacts = [] } = payload;
  const of = step === undefined ? 'the work' : `step ${step}`;
  if (stopping) {
    const { signal, aliveCount, alive = [] } = stopping;
    const named = alive.map(({ name, pid }) => `${name} (pid ${pid})`).join(', ');
    const left =
      aliveCount === undefined
        ? ''
        : aliveCount === 0
          ? 'nothing of it is alive any more'
          : `alive: ${named || aliveCount}`;
    return { text: `${signal} sent to ${of}`, chatter: null, left };
  }
  if (step !== undefined && stepStatus !== undefined) return said(stepWords(step, stepStatus, exitCode));
  if (artifacts.length > 0) {
    const more = artifacts.length > 3 ? ` and ${artifacts.length - 3} more` : '';
    const names = artifacts.slice(0, 3).map(({ name }) => name);
    return said(`Made ${names.join(', ')}${more}`);
  }
  return { text: null, chatter: 'progress report' };
}

function stepWords(
  step: string,
  status: NonNullable<RunEventMap['run.progress']['stepStatus']>,
  exitCode: number | null | undefined,
): string {
  switch (status) {
    case 'running':
      return `Step ${step} began`;
    case 'failed':
      return exitCode === null || exitCode === undefined
        ? `Step ${step} failed`
        : `Step ${step} failed with exit code ${exitCode}`;
    default:
      return status === 'completed' ? `Step ${step} completed` : `Step ${step} was ${status}`;
  }
}

function completedWords({ status, reason }: RunEventMap['run.completed']): string {
  if (status !== 'partial') return 'The run completed';
  return `The run ended as partial${reason === undefined ? '' : `: ${reasonWords(reason)}`}`;
}

function stopWords(effect: string | null, payload: RunEventMap['run.cancel.requested']): string {
  const { reason, requestedBy } = payload;
  if (effect === null) return FOREIGN_STOP;
  if (reason === 'cancelled-by-user') return `Stop asked for ${PEOPLE[requestedBy] ?? `by ${requestedBy}`}`;
  return `Workers were told to let go: ${reasonWords(reason)}`;
}

const ENDS: string[] = ['run.completed', 'run.failed', 'run.cancelled'] satisfies RunEventType[];

function refusedWords(eventType: string, outcome: string): string {
  switch (outcome) {
    case 'already-ended':
      return ENDS.includes(eventType)
        ? `A second end (${eventType}) arrived and changed nothing: the run had already ended`
        : `${eventType} arrived and changed nothing: the run had already ended`;
    case 'stale-attempt':
      return `${eventType} of an older attempt arrived and changed nothing`;
    case 'unknown-attempt':
      return `${eventType} spoke of an attempt that there is not, and changed nothing`;
    case 'other-worker':
      return `${eventType} came from a worker that does not have the run, and changed nothing`;
    case 'not-from-server':
      return `${eventType} was not published by this server, and changed nothing`;
    case 'lease-lost':
      return `${eventType} did not come from the worker that holds the run, and changed nothing`;
    default:
      return `${eventType} arrived and changed nothing`;
  }
}
