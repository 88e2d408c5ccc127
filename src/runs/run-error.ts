import type { Run } from './run';

export interface RunError {
  code: string;
  message: string;
}

/** What is needed of a run to explain its end. */
export type ErrorFacts = Pick<
  Run,
  'error' | 'executor' | 'requestPublishedAt' | 'claimTimeoutSeconds' | 'stopGraceSeconds'
>;

/** Ends that the server decided without a word of the worker: what the worker reports afterwards is of interest. */
const DECIDED_BY_SERVER: ReadonlySet<string> = new Set([
  'STOP_UNCONFIRMED',
  'STOP_NOT_CONFIRMED',
  'NO_WORKER',
]);

/** The error with its sentence: that of the worker, or one made of the facts that the server's own code stands for. */
export function runError(run: ErrorFacts): RunError | null {
  const { error } = run;
  return error && { code: error.code, message: error.message ?? sentenceOf(error.code, run) };
}

/** Whether the run ended without its worker, which may still be working. */
export function mayStillBeWorkedOn({ error, ...run }: ErrorFacts): boolean {
  if (error === null || !DECIDED_BY_SERVER.has(error.code)) return false;
  return error.code !== 'NO_WORKER' || run.requestPublishedAt !== null;
}

function sentenceOf(code: string, run: ErrorFacts): string {
  switch (code) {
    case 'STOP_UNCONFIRMED':
      return `Cancelled at once: no worker had reported. ${handedOut(run)}`;
    case 'STOP_NOT_CONFIRMED':
      return `The worker did not confirm the stop within ${run.stopGraceSeconds} s. It may still be at work.`;
    case 'NO_WORKER': {
      const within = `within ${run.claimTimeoutSeconds} s (claimTimeoutSeconds)`;
      return run.requestPublishedAt === null
        ? `No worker took the run ${within}.`
        : `No worker reported ${within}. ${handedOut(run)}`;
    }
    default:
      return 'The run did not complete.';
  }
}

function handedOut({ requestPublishedAt }: ErrorFacts): string {
  return `The request was handed to the stream at ${requestPublishedAt}; a worker may still be working on it.`;
}
