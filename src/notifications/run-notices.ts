import type { LastingCondition, NotifyCondition } from '../projects/notify-rules';
import { isTerminal, type Run, type RunStatus } from '../runs/run';
import type { DeliveryFacts, OpenCondition } from './delivery';

/** How runs of a project have ended since its last completed run. */
export interface SinceSuccess {
  hasFailed: boolean;
  hasPartial: boolean;
}

/**
 * Returns what a channel receives at the end of a run; null for nothing. At most one message: "recovered" includes
 * "completed". Only a completed run is a recovery. A channel that receives partial runs also receives their recovery.
 */
export function noticeOfEnd(
  on: readonly NotifyCondition[],
  status: Exclude<RunStatus, 'running'>,
  { hasFailed, hasPartial }: SinceSuccess,
): NotifyCondition | null {
  const isRecovery = status === 'completed' && (hasFailed || (hasPartial && on.includes('partial')));
  if (isRecovery && on.includes('recovered')) return 'recovered';
  return on.includes(status) ? status : null;
}

/** Whether a condition is over with the end of a run. Its watch closes the others. */
export function isOverWith(
  { kind, runId, projectId }: Pick<OpenCondition, 'kind' | 'runId' | 'projectId'>,
  run: Pick<Run, 'runId' | 'projectId' | 'status' | 'triggeredBy'>,
): boolean {
  if (projectId !== run.projectId) return false;
  if (runId !== null) return runId === run.runId;
  if (kind === 'stale') return run.status === 'completed';
  // Otherwise a late run that fails at once would be reported twice.
  return kind === 'late' && run.triggeredBy === 'schedule';
}

/** Returns the facts of a run for a delivery, from the state that causes it. */
export function factsOfRun(run: Run, projectName: string): DeliveryFacts {
  const { error, executor, requestPublishedAt, claimTimeoutSeconds, stopGraceSeconds } = run;
  return {
    at: run.endedAt ?? run.startedAt,
    projectName,
    run: {
      number: run.number,
      scope: run.scope,
      status: run.status,
      statusReason: run.statusReason,
      triggeredBy: run.triggeredBy,
      triggeredByName: run.triggeredByName,
      startedAt: run.startedAt,
      endedAt: run.endedAt,
      step: decidingStep(run),
      error: error && {
        error: { ...error, message: error.message && error.message.slice(0, MAX_MESSAGE) },
        executor,
        requestPublishedAt,
        claimTimeoutSeconds,
        stopGraceSeconds,
        workerId: run.workerId,
        lastHeardAt: run.lastHeardAt,
      },
    },
    condition: null,
  };
}

const MAX_MESSAGE = 2000;

/** The step that failed first. Without one, the step that an end interrupted. */
function decidingStep(run: Run): { name: string; exitCode: number | null } | null {
  if (!isTerminal(run) || run.status === 'completed') return null;
  const failed = run.steps
    .filter(({ status }) => status === 'failed')
    .sort((one, other) => ((one.endedAt ?? '') < (other.endedAt ?? '') ? -1 : 1));
  const step = failed[0] ?? run.steps.find(({ status }) => status === 'cancelled');
  return step ? { name: step.name, exitCode: step.exitCode } : null;
}

export function clearedKind<Kind extends LastingCondition>(kind: Kind): `${Kind}-cleared` {
  return `${kind}-cleared`;
}
