import type { ReportedStepAttempt, RunEventMap, RunEventType } from '../../events/run-event';
import type { Run, RunStatus, StepStatus } from '../../runs/run';
import type { PastEvent, PastRejection } from '../../history/run-detail.repository';

type StepEventStatus = NonNullable<RunEventMap['run.progress']['stepStatus']>;
type Signal = NonNullable<RunEventMap['run.progress']['stopping']>['signal'];

/** One event of a run. `timeline-text.ts` has the sentence for each kind. */
export type TimelineEntry =
  | ({ kind: 'accepted' } & Pick<Run, 'triggeredBy' | 'triggeredByName' | 'scope'>)
  | { kind: 'published'; attempt: number }
  | { kind: 'published-again'; requestedBy: string }
  | { kind: 'worker-started'; workerId: string; attempt: number }
  | { kind: 'progress' }
  | { kind: 'heartbeat' }
  | { kind: 'log' }
  | { kind: 'step'; step: string; status: StepEventStatus; exitCode: number | null }
  | { kind: 'step-attempt'; step: string; attempt: ReportedStepAttempt }
  | { kind: 'artifacts'; names: string[] }
  | { kind: 'signal'; signal: Signal; step: string | null; alive: AliveProcesses | null }
  | { kind: 'completed' }
  | { kind: 'partial'; reason: string | null }
  | { kind: 'failed'; errorCode: string; message: string }
  | { kind: 'cancelled' }
  | { kind: 'stop-requested'; requestedBy: string }
  /** The server ended the run, and notifies workers that may have it. */
  | { kind: 'withdrawn'; reason: string }
  /** The run ended without an event, for example because its worker was lost. */
  | { kind: 'ended'; status: RunStatus; reason: string | null }
  /** A sender published a type that only this server may publish. */
  | { kind: 'foreign'; eventType: 'run.requested' | 'run.cancel.requested' }
  /** The payload is too large to read for a page. */
  | { kind: 'large'; eventType: LargeEventType; isPartial: boolean }
  | { kind: 'other'; eventType: string }
  | { kind: 'refused'; eventType: string; outcome: string }
  | { kind: 'rejected'; eventType: string | null; reason: string };

/** The processes of a step that were alive after a signal. */
export interface AliveProcesses {
  count: number;
  /** A selection of them. */
  named: { name: string; pid: number }[];
}

/** Event types whose entry needs the payload. */
type LargeEventType = Exclude<RunEventType, 'run.heartbeat' | 'run.log' | 'run.cancelled'>;

/** Returns the effect of an event, or that it changed nothing. */
export function entryOf({ eventType, outcome, origin, toPhase, payload }: PastEvent): TimelineEntry {
  if (outcome !== 'applied') return { kind: 'refused', eventType, outcome };
  const type = eventType as RunEventType;
  switch (type) {
    case 'run.heartbeat':
      return { kind: 'heartbeat' };
    case 'run.log':
      return { kind: 'log' };
    case 'run.cancelled':
      return { kind: 'cancelled' };
    case 'run.requested':
    case 'run.cancel.requested':
      if (origin !== 'server') return { kind: 'foreign', eventType: type };
  }
  return payload === null
    ? { kind: 'large', eventType: type, isPartial: toPhase === 'partial' }
    : detailedEntry(type, JSON.parse(payload) as object);
}

export function rejectedEntry({ eventType, reason }: PastRejection): TimelineEntry {
  return { kind: 'rejected', eventType, reason };
}

function detailedEntry(eventType: LargeEventType, payload: object): TimelineEntry {
  switch (eventType) {
    case 'run.requested': {
      const { attempt, requestedBy } = payload as RunEventMap['run.requested'];
      return requestedBy === undefined
        ? { kind: 'published', attempt }
        : { kind: 'published-again', requestedBy };
    }
    case 'run.started': {
      const { workerId, attempt } = payload as RunEventMap['run.started'];
      return { kind: 'worker-started', workerId, attempt };
    }
    case 'run.progress':
      return progressEntry(payload);
    case 'run.completed': {
      const { status, reason } = payload as RunEventMap['run.completed'];
      return status === 'partial' ? { kind: 'partial', reason: reason ?? null } : { kind: 'completed' };
    }
    case 'run.failed': {
      const { errorCode, message } = payload as RunEventMap['run.failed'];
      return { kind: 'failed', errorCode, message };
    }
    case 'run.cancel.requested': {
      const { reason, requestedBy } = payload as RunEventMap['run.cancel.requested'];
      return reason === 'cancelled-by-user'
        ? { kind: 'stop-requested', requestedBy }
        : { kind: 'withdrawn', reason };
    }
    default:
      return { kind: 'other', eventType };
  }
}

function progressEntry(payload: RunEventMap['run.progress']): TimelineEntry {
  const { step, stepStatus, exitCode, stepAttempt, stopping, artifacts = [] } = payload;
  if (stopping) {
    const { signal, aliveCount, alive = [] } = stopping;
    return {
      kind: 'signal',
      signal,
      step: step ?? null,
      alive: aliveCount === undefined ? null : { count: aliveCount, named: alive },
    };
  }
  // The first attempt starts the step, and the last one ends it.
  if (step !== undefined && stepStatus === 'running' && stepAttempt !== undefined) {
    const isStart = stepAttempt.number === 1 && stepAttempt.status === 'running';
    if (!isStart) return { kind: 'step-attempt', step, attempt: stepAttempt };
  }
  if (step !== undefined && stepStatus !== undefined)
    return { kind: 'step', step, status: stepStatus satisfies StepStatus, exitCode: exitCode ?? null };
  return artifacts.length > 0
    ? { kind: 'artifacts', names: artifacts.map(({ name }) => name) }
    : { kind: 'progress' };
}

/** Frequent entries, which are combined into one line. */
export type RoutineEntry = Extract<TimelineEntry, { kind: 'progress' | 'heartbeat' | 'log' }>;

export function isRoutine(entry: TimelineEntry): entry is RoutineEntry {
  return entry.kind === 'progress' || entry.kind === 'heartbeat' || entry.kind === 'log';
}

/** Returns true if the event changed nothing or could not be applied. */
export function isRefused({ kind }: TimelineEntry): boolean {
  return kind === 'refused' || kind === 'rejected';
}
