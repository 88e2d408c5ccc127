import { isSameSecret, leaseProof } from '../events/lease-proof';
import type { RunEvent } from '../events/run-event';
import type { Run } from '../runs/run';

/** The origin of an event, with the sender's proof of its lease. */
export type Evidence =
  /** An event of this process, about a run that it executes or a file that it received. */
  | { via: 'server' }
  | { via: 'http'; leaseToken: string | null }
  /** An entry of a stream that other programs can write to. `leaseProof` covers these fields. */
  | { via: 'stream'; fields: Record<string, string> };

type LeasedRun = Pick<Run, 'executor' | 'attempt' | 'leaseToken' | 'pastLeases'>;

/** Returns the lease token of this attempt; null if it was never claimed over HTTP. */
function leaseTokenOf(run: LeasedRun, attempt: number): string | null {
  return attempt === run.attempt ? run.leaseToken : (run.pastLeases?.[attempt] ?? null);
}

/** Returns the attempt that an event names, or the current one if it names none. */
export function attemptOf({ payload }: RunEvent, run: Pick<Run, 'attempt'>): number {
  return ('attempt' in payload ? payload.attempt : undefined) ?? run.attempt;
}

/**
 * Returns whether the sender may report on the attempt: it holds, or held, the lease. For a run with steps only the
 * lease holder may report. An external worker that never claimed the attempt needs no proof. Pure.
 */
export function speaksForAttempt(event: RunEvent, run: LeasedRun, evidence: Evidence): boolean {
  if (evidence.via === 'server') return true;
  const token = leaseTokenOf(run, attemptOf(event, run));
  // An expired lease is refused even where no proof is needed: its worker has lost the run.
  if (token === null) return run.executor === 'external' && !showsLease(evidence);
  return proves(evidence, token);
}

/** Returns whether the sender presents a lease, valid or not. */
export function showsLease(evidence: Evidence): boolean {
  if (evidence.via === 'http') return evidence.leaseToken !== null;
  return evidence.via === 'stream' && evidence.fields.leaseProof !== undefined;
}

function proves(evidence: Exclude<Evidence, { via: 'server' }>, token: string): boolean {
  if (evidence.via === 'http') {
    return evidence.leaseToken !== null && isSameSecret(evidence.leaseToken, token);
  }
  const { leaseProof: given } = evidence.fields;
  return given !== undefined && isSameSecret(given, leaseProof(token, evidence.fields));
}
