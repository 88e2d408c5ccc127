import type { Instant } from '../clock/clock';
import type { ProjectDefinition } from '../projects/project';
import type { QuotaStatus } from '../quota/quotas';
import { isTerminal, type Run } from '../runs/run';
import type { RunView } from '../runs/run-view';
import { pageVersion, waitingCode } from './page-version';
import { humanised, numberText, reasonWords, scopeWords, sizeText, TRIGGER_WORDS } from './plain-words';
import { type RunFooter, runFooter } from './run-footer';
import { type ProgressBar, progressBar, type StepRow, stepRows } from './run-steps';
import { type DurationText, durationOf } from './duration-text';
import { runMark, type StatusMark } from './status-mark';
import { type SummaryBar, summaryBar } from './summary-bar';
import { type TimeText, timeText, timeTextOrNull } from './time-text';

export interface RunFacts {
  run: Run;
  view: RunView;
  /** As the run was started with it. */
  definition: ProjectDefinition;
  /** As it is now: what can be re-run; null where the project is gone. */
  current: ProjectDefinition | null;
  /** Completed runs with the same scope, for what is usual. */
  alike: Run[];
  /** Of its project, as it is now. */
  quota: QuotaStatus | null;
}

export interface RunPage {
  runId: string;
  shortId: string;
  projectId: string;
  projectName: string;
  /** Null where the project is gone. */
  projectHref: string | null;
  mark: StatusMark;
  isActive: boolean;
  isStopping: boolean;
  rerun: { action: string; froms: { scope: string; step: string }[] } | null;
  stopHref: string;
  summary: SummaryBar;
  waiting: string | null;
  error: { code: string; message: string; step: string | null } | null;
  reason: string | null;
  scope: string;
  trigger: string;
  attempt: number;
  maxAttempts: number;
  worker: string | null;
  lastHeard: DurationText | null;
  startedAt: TimeText;
  endedAt: TimeText | null;
  rerunOf: string | null;
  params: { name: string; value: string }[];
  steps: StepRow[];
  progress: ProgressBar | null;
  metrics: { name: string; value: string }[];
  artifacts: { name: string; size: string; href: string }[];
  footer: RunFooter;
  stateHref: string;
  logHref: string;
}

export function runPage({ run, view, definition, current, alike, quota }: RunFacts, now: Instant): RunPage {
  const { runId, projectId } = run;
  const isActive = !isTerminal(run);
  const rerun = isActive || current === null ? null : rerunChoices(run, current);
  const failedStep = run.steps.find(({ status }) => status === 'failed')?.name ?? null;
  return {
    runId,
    shortId: runId.slice(-12),
    projectId,
    projectName: current?.name ?? definition.name,
    projectHref: current && `/projects/${projectId}`,
    mark: runMark(run),
    isActive,
    isStopping: isActive && run.cancelRequestedAt !== null,
    rerun,
    stopHref: `/runs/${runId}/stop`,
    summary: summaryBar(run, definition.metrics, alike, quota, now),
    waiting: view.waiting?.message ?? null,
    error: run.error && { ...run.error, step: failedStep },
    reason: run.statusReason === null ? null : reasonWords(run.statusReason),
    scope: scopeWords(run.scope),
    trigger: TRIGGER_WORDS[run.triggeredBy],
    attempt: run.attempt,
    maxAttempts: run.maxAttempts,
    worker: run.workerId,
    lastHeard: isActive ? durationOf({ startedAt: run.lastHeardAt, endedAt: null }, now) : null,
    startedAt: timeText(run.startedAt),
    endedAt: timeTextOrNull(run.endedAt),
    rerunOf: run.rerunOf,
    params: Object.entries(run.params).map(([name, value]) => ({
      name,
      value: typeof value === 'string' ? value : JSON.stringify(value),
    })),
    steps: stepRows(run, now),
    progress: progressBar(run),
    metrics: Object.entries(run.metrics).map(([name, value]) => ({
      name: humanised(name),
      value: numberText(value),
    })),
    artifacts: view.artifacts.map(({ name, size, href }) => ({ name, size: sizeText(size), href })),
    footer: runFooter(run, view, quota, now),
    stateHref: `/runs/${runId}/state?version=${runVersion(run, view)}`,
    logHref: `/api/runs/${runId}/logs`,
  };
}

export function runVersion(run: Run, view: RunView): string {
  return pageVersion([run], waitingCode(view));
}

/** From the first step is the whole again, so it is not offered. */
function rerunChoices(run: Run, current: ProjectDefinition): RunPage['rerun'] {
  return {
    action: `/runs/${run.runId}/rerun`,
    froms: current.steps.slice(1).map(({ name }) => ({ scope: `from:${name}`, step: name })),
  };
}
