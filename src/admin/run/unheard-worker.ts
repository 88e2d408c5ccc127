import { isTerminal, type Run } from '../../runs/run';
import type { LateEnd } from '../../history/run-detail.repository';
import { isHandedOut } from '../../runs/run-state';
import type { Waiting } from '../../runs/waiting';
import { timeText } from '../words/time-text';
import type { PageWords } from '../words/page-words';

export interface AskAgainOffer {
  href: string;
  warning: string;
  /** The work may be done twice. */
  isRisky: boolean;
}

const LATE_ENDS: Record<LateEnd['eventType'], string> = {
  'run.completed': 'The worker reported “completed” at ',
  'run.failed': 'The worker reported “failed” at ',
  'run.cancelled': 'The worker confirmed the stop at ',
};

/** Offers to publish the request again; returns null if that would not help. */
export function askAgainOffer(run: Run, waiting: Waiting | null): AskAgainOffer | null {
  if (waiting?.code !== 'handed-out' && waiting?.code !== 'no-worker-yet') return null;
  return {
    href: `/runs/${run.runId}/ask-again`,
    isRisky: run.executor === 'external',
    warning:
      run.executor === 'external'
        ? 'A worker may already be working on this run and would then do the work twice.'
        : 'Publishes the request again. Only one worker can claim the run.',
  };
}

/** Returns the worker that has, or had, the run. */
export function workerWords(run: Run): string {
  if (run.workerId !== null) return `Worker ${run.workerId}`;
  if (!isTerminal(run)) {
    if (run.claimedAt !== null) return 'Unnamed worker';
    return isHandedOut(run) ? 'No worker has reported yet' : 'No worker yet';
  }
  return isReported(run) ? 'Unnamed worker' : 'No worker reported';
}

/** Returns the text about a final event that arrived after the run had ended. */
export function lateEndWords(run: Run, { eventType, at }: LateEnd): PageWords[] {
  const time = timeText(at);
  return [
    { text: LATE_ENDS[eventType] },
    { text: time.text, at: time },
    { text: `. The run had already ended as ${run.status}, so the report was ignored.` },
  ];
}

/**
 * Returns true if a worker reported. Only a worker completes a run, and only a failure that it reports has a
 * message.
 */
function isReported({ status, claimedAt, error, statusReason }: Run): boolean {
  if (claimedAt !== null || status === 'completed' || status === 'partial') return true;
  if (status === 'cancelled') return statusReason === 'cancelled-by-worker';
  return error?.message != null && statusReason !== 'timed-out';
}
