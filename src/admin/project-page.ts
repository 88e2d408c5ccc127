import type { Instant } from '../clock/clock';
import type { KnownProject } from '../projects/project-catalogue';
import type { QuotaStatus } from '../quota/quotas';
import { isTerminal, type Run } from '../runs/run';
import type { Page } from '../runs/run-queries';
import type { RunView } from '../runs/run-view';
import { pageVersion, waitingCode } from './page-version';
import { neverRunFooter, type RunFooter, runFooter } from './run-footer';
import { type HistoryQuery, type RunHistory, runHistory } from './run-history';
import { type ProgressBar, progressBar, type StepRow, stepRows } from './run-steps';
import { runMark, stepMark, type StatusMark } from './status-mark';
import { type SummaryBar, summaryBar } from './summary-bar';

/** What the page of a project is made of. */
export interface ProjectFacts {
  project: KnownProject;
  /** The active run, else the latest. */
  run: Run | null;
  view: RunView | null;
  /** Completed ones with the same scope, for what is usual. */
  alike: Run[];
  page: Page<Run>;
  query: HistoryQuery;
  quota: QuotaStatus | null;
  /** What its file asks for in vain. */
  notes: string[];
  /** Runs at work in all projects, which the header shows. */
  running: number;
}

export interface ProjectPage {
  projectId: string;
  name: string;
  href: string;
  file: string;
  mark: StatusMark;
  canRun: boolean;
  canStop: boolean;
  isStopping: boolean;
  activeRunHref: string | null;
  stopHref: string | null;
  summary: SummaryBar;
  steps: StepRow[];
  progress: ProgressBar | null;
  history: RunHistory;
  footer: RunFooter;
  /** What its file asks for in vain. */
  notes: string[];
  stateHref: string;
  pollSeconds: number;
  version: string;
}

export function projectPage(
  { project, run, view, alike, page, query, quota, notes, running }: ProjectFacts,
  now: Instant,
): ProjectPage {
  const { definition, definitionHash, file } = project;
  const { projectId } = definition;
  const isActive = run !== null && !isTerminal(run);
  const isStopping = isActive && run.cancelRequestedAt !== null;
  const version = pageVersion(
    [...(run ? [run] : []), ...page.items],
    definitionHash,
    waitingCode(view),
    running,
    quota,
  );
  const parameters = new URLSearchParams({
    ...(query.status && { status: query.status }),
    ...(query.cursor && { cursor: query.cursor }),
    version,
  });
  return {
    projectId,
    name: definition.name,
    href: `/projects/${projectId}`,
    file: `config/${file}`,
    mark: runMark(run),
    canRun: !isActive,
    canStop: isActive && !isStopping,
    isStopping,
    activeRunHref: isActive ? `/runs/${run.runId}` : null,
    stopHref: isActive ? `/runs/${run.runId}/stop` : null,
    summary: summaryBar(run, definition.metrics, alike, quota, now),
    steps: run ? stepRows(run, now) : definition.steps.map(({ name }) => pendingRow(name)),
    progress: run && progressBar(run),
    history: runHistory(projectId, page, query, now),
    footer: run && view ? runFooter(run, view, quota, now) : neverRunFooter(file, quota),
    notes,
    stateHref: `/projects/${projectId}/state?${parameters.toString()}`,
    pollSeconds: isActive ? 2 : 10,
    version,
  };
}

function pendingRow(name: string): StepRow {
  return { name, mark: stepMark('pending'), duration: null, exitCode: null, isCurrent: false };
}
