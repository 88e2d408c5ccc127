import type { Instant } from '../../clock/clock';
import type { Trouble } from '../../health/health';
import type { KnownProject } from '../../projects/project-catalogue';
import { FULL_SCOPE, scopesOf } from '../../projects/scope';
import type { QuotaStatus } from '../../quota/quotas';
import type { OutdatedReason } from '../../history/project-change';
import { isTerminal, type Run, type RunStatus } from '../../runs/run';
import type { HistoryPage, StatusCount } from '../../history/run-history.repository';
import type { Waiting } from '../../runs/waiting';
import { type DurationChart, durationChart } from './duration-chart';
import { historyParameters, type HistoryQuery } from './history-query';
import { pageVersion, waitingKey } from '../page/page-version';
import type { ProjectPast } from './project-pasts';
import { type ProjectStep, projectSteps } from './project-steps';
import { type FooterWarning, neverRunFooter, type RunFooter, runFooter } from '../run/run-footer';
import { type DurationText, durationOf } from '../words/duration-text';
import { metricsInShort, paramsInShort } from '../words/in-short';
import { outdatedText } from '../../history/outdated-text';
import { TRIGGER_WORDS } from '../words/plain-words';
import { type RunHistory, runHistory } from './run-history';
import { type ProgressBar, progressBar } from '../run/run-steps';
import { staleWords } from './staleness';
import { projectMark, type StatusMark } from '../words/status-mark';
import { type SummaryBar, summaryBar } from '../run/summary-bar';
import { type TimeText, timeText, timeTextOrNull } from '../words/time-text';
import { usualMs } from '../run/usual-duration';

/** What can be told quickly, and whether anything that the page shows has changed. */
export interface ProjectState {
  project: KnownProject;
  /** The project's file as it is shown to people. */
  file: string;
  /** The active run, else the latest. */
  run: Run | null;
  /** Why the run makes no progress. */
  waiting: Waiting | null;
  past: ProjectPast;
  query: HistoryQuery;
  quota: QuotaStatus | null;
  /** What its file asks for in vain. */
  notes: string[];
  troubles: Trouble[];
  /** Runs at work in all projects, which the header shows. */
  active: string[];
  /** Why its latest result may no longer be current. */
  outdated: OutdatedReason | null;
}

/** What the page of a project is made of beside that. */
export interface ProjectDetails {
  page: HistoryPage;
  counts: Record<RunStatus, StatusCount>;
  /** The run that was chosen for the foot of the page. */
  selected: { run: Run; waiting: Waiting | null } | null;
}

/** A run in a line: what tells it from others. */
export interface RunInShort {
  shortId: string;
  /** Where it was chosen, for those whose window does not hold both. */
  rowHref: string | null;
  duration: DurationText | null;
  trigger: string;
  params: string | null;
  metrics: string | null;
}

export interface ProjectPage {
  projectId: string;
  name: string;
  href: string;
  mark: StatusMark;
  /** Why it needs a re-run. */
  change: string | null;
  canRun: boolean;
  /** Why not, where it is no run that is in the way. */
  whyNot: string | null;
  /** Where it can be pressed, and is refused all the same: the quota is used up until then. */
  refusedUntil: TimeText | null;
  canStop: boolean;
  isStopping: boolean;
  activeRunHref: string | null;
  stopHref: string | null;
  summary: SummaryBar;
  steps: ProjectStep[];
  /** What the buttons of the steps belong to: the latest run, which they repeat, or the form while there is none. */
  stepForm: string;
  rerunAction: string | null;
  progress: ProgressBar | null;
  chart: DurationChart | null;
  history: RunHistory;
  footer: RunFooter;
  footerTitle: string | null;
  /** What else there is to say of the run that the foot speaks of. */
  footerRun: RunInShort | null;
  /** "Re-run from here" for the step that failed. */
  rerunFrom: { action: string; scope: string; step: string } | null;
  /** What its file asks for in vain. */
  notes: string[];
  /** This page, with the form filled in as the latest run was; null where there is nothing to fill in. */
  likeLatestHref: string | null;
  stateHref: string;
  planHref: string;
  pollSeconds: number;
  version: string;
}

/** Of facts that take no time to come by: most of those who ask are told that it is the same. */
export function projectVersion(state: ProjectState, now: Instant): string {
  const { project, run, waiting, past, query, quota, notes, troubles, active, outdated } = state;
  const stale = staleWords(past.staleness, isActive(run), now);
  return pageVersion(run ? [run] : [], project.definitionHash, waitingKey(waiting), [
    query,
    quota,
    notes,
    troubles,
    active,
    stale,
    outdated,
  ]);
}

export function projectPage(state: ProjectState, details: ProjectDetails, now: Instant): ProjectPage {
  const { project, run, past, query, quota, notes, troubles } = state;
  const { definition } = project;
  const { projectId } = definition;
  const active = run !== null && isActive(run) ? run : null;
  const isStopping = active !== null && active.cancelRequestedAt !== null;
  const stepNames = definition.steps.map(({ name }) => name);
  const alike = past.alike.get(run?.scope ?? FULL_SCOPE) ?? [];
  const stale = staleWords(past.staleness, active !== null, now);
  const refusing = troubles.find(({ refusesRuns }) => refusesRuns) ?? null;
  const canRun = active === null && refusing === null;
  const hasParams = Object.keys(definition.params).length > 0;
  const version = projectVersion(state, now);
  const warnings = [
    ...troubles.map(troubleWarning),
    ...(stale === null ? [] : [{ text: `${stale}.`, at: null }]),
  ];
  return {
    projectId,
    name: definition.name,
    href: `/projects/${projectId}`,
    mark: projectMark(run, state.outdated),
    change: state.outdated && outdatedText(state.outdated),
    canRun,
    whyNot: active === null && refusing ? refusing.message : null,
    refusedUntil: canRun && quota?.remaining === 0 ? timeText(quota.resetsAt) : null,
    canStop: active !== null && !isStopping,
    isStopping,
    activeRunHref: active && `/runs/${active.runId}`,
    stopHref: active && `/runs/${active.runId}/stop`,
    summary: summaryBar(run, definition.metrics, alike, quota, now, stale),
    steps: projectSteps(stepNames, past.steps, active, now),
    stepForm: run ? 'rerun-form' : 'run-form',
    rerunAction: run && `/runs/${run.runId}/rerun`,
    progress: run && progressBar(run),
    chart: durationChart(
      active ? [active, ...past.runs] : past.runs,
      usualMs(alike.filter(({ runId }) => runId !== run?.runId)),
      now,
    ),
    history: runHistory(
      {
        projectId,
        stepNames,
        scopes: scopesOf(definition),
        metricNames: definition.metrics,
        query,
        ...details,
      },
      now,
    ),
    ...footerOf(state, details, stepNames, warnings, now),
    notes,
    likeLatestHref: run && hasParams ? `/projects/${projectId}?like=${run.runId}` : null,
    stateHref: `/projects/${projectId}/state?${historyParameters(query, { version }).toString()}`,
    planHref: `/projects/${projectId}/plan`,
    pollSeconds: active ? 2 : 10,
    version,
  };
}

/** The run that was chosen in the history, else the one at work or the latest. */
function footerOf(
  { project: { definition }, file, run, waiting, quota }: ProjectState,
  { selected, page }: ProjectDetails,
  stepNames: string[],
  warnings: FooterWarning[],
  now: Instant,
): Pick<ProjectPage, 'footer' | 'footerTitle' | 'footerRun' | 'rerunFrom'> {
  const shown = selected ?? (run && { run, waiting });
  const failed = shown?.run.steps.find(({ status }) => status === 'failed')?.name;
  const isListed = page.items.some(({ runId }) => runId === selected?.run.runId);
  const canRerun = !isActive(run) && failed !== undefined && stepNames.includes(failed);
  return {
    footer: shown
      ? runFooter(shown.run, shown.waiting, quota, now, warnings)
      : neverRunFooter(file, quota, warnings),
    footerTitle: shown && (shown.run.runId === run?.runId ? 'Latest run' : 'Chosen run'),
    footerRun: shown && {
      ...runInShort(shown.run, definition.metrics, now),
      rowHref: selected && (isListed ? `#row-${selected.run.runId}` : '#run-history'),
    },
    rerunFrom: canRerun
      ? { action: `/runs/${shown!.run.runId}/rerun`, scope: `from:${failed}`, step: failed }
      : null,
  };
}

/** Of a run at work its time goes on in the foot already. */
function runInShort(run: Run, metricNames: string[], now: Instant): Omit<RunInShort, 'rowHref'> {
  return {
    shortId: run.runId.slice(-12),
    duration: isActive(run) ? null : durationOf(run, now),
    trigger: TRIGGER_WORDS[run.triggeredBy],
    params: paramsInShort(run.params),
    metrics: metricsInShort(run.metrics, metricNames),
  };
}

function troubleWarning({ message, since }: Trouble): FooterWarning {
  return since === null
    ? { text: message, at: null }
    : { text: `${message} It has been so since`, at: timeTextOrNull(since) };
}

function isActive(run: Run | null): boolean {
  return run !== null && !isTerminal(run);
}
