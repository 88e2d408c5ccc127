import { isSameSecret, leaseProof } from '../events/lease-proof';
import type { RunEvent } from '../events/run-event';
import type { Run } from './run';

/** The way an event came here, and what its sender proved by it. */
export type Evidence =
  /** This process says it of a run that it carries out, or of a file that it took in. */
  | { origin: 'server' }
  | { origin: 'http'; leaseToken: string | null }
  /** From a stream that others can write to. The fields are those that the proof covers. */
  | { origin: 'stream'; fields: Record<string, string> };

type LeasedRun = Pick<Run, 'executor' | 'attempt' | 'leaseToken' | 'pastLeases'>;

/** Returns the token of the lease on this attempt; null where it was never claimed over HTTP. */
function leaseTokenOf(run: LeasedRun, attempt: number): string | null {
  return attempt === run.attempt ? run.leaseToken : (run.pastLeases?.[attempt] ?? null);
}

/** Returns the attempt that an event is about: the current one where it names none. */
export function attemptOf({ payload }: RunEvent, run: Pick<Run, 'attempt'>): number {
  return ('attempt' in payload ? payload.attempt : undefined) ?? run.attempt;
}

/**
 * Whether the sender may speak for the attempt: it holds, or held, the lease. An attempt at a run with steps is only
 * ever spoken for by its holder; one of an external worker that never claimed it needs no proof. Pure.
 */
export function speaksForAttempt(event: RunEvent, run: LeasedRun, evidence: Evidence): boolean {
  if (evidence.origin === 'server') return true;
  const token = leaseTokenOf(run, attemptOf(event, run));
  // A proof of a lease that is over is worse than none: its worker has lost the run.
  if (token === null) return run.executor === 'external' && !showsLease(evidence);
  return proves(evidence, token);
}

/** Whether the sender means to hold a lease. */
export function showsLease(evidence: Evidence): boolean {
  if (evidence.origin === 'http') return evidence.leaseToken !== null;
  return evidence.origin === 'stream' && evidence.fields.leaseProof !== undefined;
}

function proves(evidence: Exclude<Evidence, { origin: 'server' }>, token: string): boolean {
  if (evidence.origin === 'http') {
    return evidence.leaseToken !== null && isSameSecret(evidence.leaseToken, token);
  }
  const { leaseProof: given } = evidence.fields;
  return given !== undefined && isSameSecret(given, leaseProof(token, evidence.fields));
}
