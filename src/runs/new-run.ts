import { plusSeconds, toInstant } from '../clock/clock';
import type { QuotaBudget, RunInput, StepOutputs } from '../events/run-event';
import type { ParamValue, ProjectDefinition } from '../projects/project';
import { NO_PROGRESS, pendingSteps, type Run, type TriggeredBy } from './run';
import type { RunStart } from './run-id';
import { unheardSince } from './sender-clock';

/** Minimum grace period of a stop for runs with steps: time enough to kill their processes and to confirm the stop. */
const MIN_STOP_GRACE_SECONDS = 30;
/** Steps with `when: always` run after the processes of the others have ended, and may have to be killed too. */
const ALWAYS_STEP_SECONDS = 30;

/** Returns a new run of a project: running, and not claimed by any worker. */
export function newRun(request: {
  start: RunStart;
  project: ProjectDefinition;
  definitionHash: string;
  scope: string;
  steps: string[];
  params: Record<string, ParamValue>;
  /** Names of the secrets that were given. */
  secretParams?: string[];
  triggeredBy: TriggeredBy;
  triggeredByName?: string | null;
  rerunOf: string | null;
  runInputs: RunInput[] | null;
  watchedFiles: string | null;
  quota: QuotaBudget | null;
  /** The live result of the project, relative to DATA_DIR; null without any. */
  currentResult: string | null;
  /** Outputs of steps outside the scope; null without any. */
  earlierOutputs: StepOutputs | null;
}): Run {
  const { project, steps, start } = request;
  const startedAt = toInstant(start.startedAtMs);
  const isExternal = project.executor === 'external';
  return {
    runId: start.runId,
    idIsAhead: start.idIsAhead,
    projectId: project.projectId,
    number: 0, // RunRepository.insert assigns it
    scope: request.scope,
    status: 'running',
    statusReason: null,
    triggeredBy: request.triggeredBy,
    triggeredByName: request.triggeredByName ?? null,
    params: request.params,
    secretParams: request.secretParams?.length ? request.secretParams : null,
    rerunOf: request.rerunOf,
    definitionHash: request.definitionHash,
    runInputs: request.runInputs && JSON.stringify(request.runInputs),
    watchedFiles: request.watchedFiles,
    quota: request.quota,
    executor: project.executor,
    attempt: 1,
    maxAttempts: project.maxAttempts,
    workerId: null,
    claimedAt: null,
    requestPublishedAt: null,
    lastHeardAt: null,
    senderClock: unheardSince(startedAt),
    leaseExpiresAt: null,
    leaseToken: null,
    leaseClaimId: null,
    leaseUsedAt: null,
    pastLeases: null,
    startedAt,
    claimTimeoutSeconds: project.claimTimeoutSeconds,
    claimBy: project.claimTimeoutSeconds > 0 ? plusSeconds(startedAt, project.claimTimeoutSeconds) : null,
    finishBy:
      isExternal && project.timeoutSeconds !== null ? plusSeconds(startedAt, project.timeoutSeconds) : null,
    cancelRequestedAt: null,
    cancelRequestedBy: null,
    stopGraceSeconds: isExternal ? project.stopGraceSeconds : graceOfSteps(project, steps),
    stopBy: null,
    stopReports: null,
    endedAt: null,
    progress: NO_PROGRESS,
    steps: pendingSteps(steps),
    metrics: {},
    outputs: null,
    earlierOutputs: request.earlierOutputs,
    error: null,
    artifacts: [],
    zeroResults: null,
    issuedCalls: null,
    omitted: null,
    currentResult: request.currentResult,
    result: null,
    pinned: 0,
    logsRemovedAt: null,
    artifactsRemovedAt: null,
    revision: 1,
  };
}

function graceOfSteps(project: ProjectDefinition, steps: string[]): number {
  const hasAlwaysStep = project.steps.some(({ name, when }) => when === 'always' && steps.includes(name));
  return hasAlwaysStep
    ? project.stopGraceSeconds + ALWAYS_STEP_SECONDS
    : Math.max(project.stopGraceSeconds, MIN_STOP_GRACE_SECONDS);
}
