import type { Run, WorkerLoss } from './run';
import { at, joined, plainText, type Sentence, sentence } from './text-part';

export interface RunError {
  code: string;
  message: string;
}

/** The fields of a run that its error text needs. */
export type ErrorFacts = Pick<
  Run,
  | 'error'
  | 'executor'
  | 'requestPublishedAt'
  | 'claimTimeoutSeconds'
  | 'stopGraceSeconds'
  | 'workerId'
  | 'lastHeardAt'
>;

/** Codes of runs that the server ended without their worker. A later report from that worker is worth showing. */
const DECIDED_BY_SERVER: ReadonlySet<string> = new Set([
  'STOP_UNCONFIRMED',
  'STOP_NOT_CONFIRMED',
  'NO_WORKER',
]);

/** Returns the error with its text, for the API and the CLI. */
export function runError(run: ErrorFacts): RunError | null {
  const sentences = errorSentences(run);
  return run.error && sentences && { code: run.error.code, message: plainText(joined(sentences)) };
}

/**
 * Returns the message that a worker reported, or the text for the code that the server stored. The first sentence is
 * complete without the others.
 */
export function errorSentences(run: ErrorFacts): Sentence[] | null {
  const { error } = run;
  if (error === null) return null;
  return error.message === null ? serverSentences(error, run) : [[{ text: error.message }]];
}

/** Returns whether the run ended without its worker, which may still be executing it. */
export function workerMayStillBeBusy({ error, requestPublishedAt }: ErrorFacts): boolean {
  if (error === null || !DECIDED_BY_SERVER.has(error.code)) return false;
  return error.code !== 'NO_WORKER' || requestPublishedAt !== null;
}

function serverSentences({ code, loss }: NonNullable<Run['error']>, run: ErrorFacts): Sentence[] {
  switch (code) {
    case 'STOP_UNCONFIRMED':
      return [sentence`Cancelled immediately: no worker had reported.`, ...mayBeWorkedOn(run)];
    case 'STOP_NOT_CONFIRMED':
      return [
        sentence`The worker did not confirm the stop within ${run.stopGraceSeconds} s.`,
        sentence`It may still be working.`,
      ];
    case 'NO_WORKER': {
      const within = `within ${run.claimTimeoutSeconds} s (claimTimeoutSeconds)`;
      return run.requestPublishedAt === null
        ? [sentence`No worker claimed the run ${within}.`]
        : [sentence`No worker reported ${within}.`, ...mayBeWorkedOn(run)];
    }
    case 'TIMED_OUT':
      return [sentence`The run took longer than the project allows (timeoutSeconds).`];
    case 'RESTORED':
      return [
        sentence`The server was restored from a backup that was made while the run was active.`,
        sentence`The outcome of the run is unknown.`,
      ];
    case 'WORKER_LOST':
      return [lossSentence(loss ?? { kind: 'lease-expired' }, run)];
    default:
      return [sentence`The run did not complete.`];
  }
}

function lossSentence(loss: WorkerLoss, { workerId, lastHeardAt }: ErrorFacts): Sentence {
  const worker = workerId === null ? 'The worker' : `Worker ${workerId}`;
  switch (loss.kind) {
    case 'lease-expired':
      return lastHeardAt === null
        ? sentence`${worker} lost its lease.`
        : sentence`${worker} sent its last heartbeat at ${at(lastHeardAt)}, and its lease expired.`;
    case 'returned':
      return loss.reason === null
        ? sentence`${worker} returned the run.`
        : sentence`${worker} returned the run: ${loss.reason}`;
    case 'server-stopped':
      return sentence`The server was stopped while the run was active.`;
    case 'server-crashed':
      return sentence`The server ended unexpectedly while the run was active.`;
  }
}

function mayBeWorkedOn({ requestPublishedAt }: ErrorFacts): Sentence[] {
  return requestPublishedAt === null
    ? []
    : [
        sentence`The request was published at ${at(requestPublishedAt)}; a worker may still be working on it.`,
      ];
}
