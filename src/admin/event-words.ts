import type { RunEventMap, RunEventType } from '../events/run-event';
import { reasonWords } from './plain-words';

/** An event as it lies in the run's history. */
export interface PastEvent {
  eventType: string;
  /** `applied`, or why it changed nothing. */
  outcome: string;
  /** `active → completed`, where it changed the phase; `made known to workers` for what we said ourselves. */
  effect: string | null;
  payload: object;
}

/** Said so often that several in a row are one line. */
export type Chatter = 'progress report' | 'sign of life' | 'portion of log lines';

export type EventWords = { text: string; chatter: null } | { text: null; chatter: Chatter };

const PEOPLE: Record<string, string> = {
  page: 'by a person',
  api: 'through the API',
};

/** What an event did, or that it did nothing, in plain words. */
export function eventWords({ eventType, outcome, effect, payload }: PastEvent): EventWords {
  if (outcome !== 'applied') return said(refusedWords(eventType, outcome));
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

function said(text: string): EventWords {
  return { text, chatter: null };
}

function requestedWords(effect: string | null, { attempt }: RunEventMap['run.requested']): string {
  if (effect === null) return 'Somebody else said that the run was requested; that changed nothing';
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
          ? '; nothing of it is alive any more'
          : `; alive: ${named || aliveCount}`;
    return said(`${signal} sent to ${of}${left}`);
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
  if (effect === null) return 'Somebody else asked workers for a stop; the run itself was not asked to stop';
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
    default:
      return `${eventType} arrived and changed nothing`;
  }
}
