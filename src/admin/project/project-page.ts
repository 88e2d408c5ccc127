import type { Instant } from '../../clock/clock';
import type { Trouble } from '../../health/health-indicator';
import type { KnownProject } from '../../projects/project-catalogue';
import { FULL_SCOPE, scopesOf } from '../../projects/scope';
import type { QuotaStatus } from '../../quota/quotas';
import { isTerminal, type Run, type RunStatus } from '../../runs/run';
import type { HistoryPage, StatusCount } from '../../history/run-history.repository';
import type { Waiting } from '../../runs/waiting';
import type { CurrentRun } from './current-runs';
import { type DurationChart, durationChart } from './duration-chart';
import { historyHref, type HistoryQuery } from './history-query';
import type { ProjectPast } from './project-pasts';
import { type ProjectStep, projectSteps } from './project-steps';
import type { Warnings } from './project-warnings';
import { type FooterWarning, neverRunFooter, type RunFooter, runFooter } from '../run/run-footer';
import { type DurationText, durationOf } from '../words/duration-text';
import { shownParams } from '../../runs/shown-params';
import { metricsInShort, paramsInShort } from '../words/in-short';
import { rerunReasonText } from '../../history/rerun-reason-text';
import { numberSign, triggeredWords } from '../words/run-words';
import { type RunHistory, runHistory } from './run-history';
import { type ProgressBar, progressBar } from '../run/run-steps';
import { type ScheduleLine, scheduleLine } from './schedule-line';
import type { SkippedStarts } from './skipped-starts';
import { staleWords } from './staleness';
import { searchCountWords } from '../words/search-words';
import { projectMark, type StatusMark } from '../words/status-mark';
import { type SummaryBar, summaryBar } from '../run/summary-bar';
import { type TagLink, tagLinks } from '../words/tag-links';
import { type TimeText, timeText, timeTextOrNull } from '../words/time-text';
import { usualMs } from '../../history/usual-duration';

/** The facts that the whole page and the plan of the next run need. */
export interface ProjectState extends CurrentRun, Warnings {
  project: KnownProject;
  past: ProjectPast;
  query: HistoryQuery;
  quota: QuotaStatus | null;
}

/** The other data of a project page. */
export interface ProjectDetails {
  page: HistoryPage;
  counts: Record<RunStatus, StatusCount>;
  skipped: SkippedStarts;
  /** The run selected for the foot of the page. */
  selected: { run: Run; waiting: Waiting | null } | null;
}

/** The values that distinguish a run from others, in one line. */
export interface RunInShort {
  /** "#14" */
  number: string;
  duration: DurationText | null;
  trigger: string;
  params: string | null;
  metrics: string | null;
}

/** Re-runs a run from the step that failed. */
export interface RerunFrom {
  action: string;
  scope: string;
  step: string;
  /** "#14" */
  number: string;
}

/** How the latest run ended, or how the active one stands. */
export interface ProjectOutcome
  extends Pick<RunFooter, 'lead' | 'detail' | 'href' | 'warnings'>, Pick<ProjectPage, 'rerunFrom'> {
  /** The last error lines of the failed step. */
  errorLines: string[];
  inShort: RunInShort | null;
}

/** The lines and steps that leave room for the history in a window of usual height. */
const SHOWN_ERROR_LINES = 2;
const FEW_STEPS = 6;
const FIRST_STEPS = 5;

export interface ProjectPage {
  projectId: string;
  name: string;
  href: string;
  mark: StatusMark;
  /** Why it needs a re-run. */
  change: string | null;
  description: string | null;
  tags: TagLink[];
  /** The file says that no run starts. */
  isDisabled: boolean;
  canRun: boolean;
  /** Why a run cannot start, if the cause is not an active run. */
  whyNot: string | null;
  /** Set if the button is enabled but the server refuses runs until then, because the quota is exhausted. */
  refusedUntil: TimeText | null;
  canStop: boolean;
  isStopping: boolean;
  activeRunHref: string | null;
  activeRunNumber: string | null;
  stopHref: string | null;
  summary: SummaryBar;
  outcome: ProjectOutcome;
  steps: ProjectStep[];
  /** The steps in view, and those that open on demand. */
  firstSteps: ProjectStep[];
  furtherSteps: ProjectStep[];
  /** The position of the first of these. */
  furtherStart: number;
  /** The form that the step buttons submit: the re-run of the latest run, or the run form before the first run. */
  stepForm: string;
  rerunAction: string | null;
  progress: ProgressBar | null;
  chart: DurationChart | null;
  history: RunHistory;
  /** The run chosen in the history, or else the latest one. */
  footer: RunFooter;
  footerTitle: string | null;
  /** Further facts about the run at the foot. */
  footerRun: RunInShort | null;
  /** The button that re-runs it from the failed step. */
  rerunFrom: RerunFrom | null;
  /** No run is chosen. */
  hidesFooter: boolean;
  /** The chosen run is on this page of the history. */
  isFooterInRow: boolean;
  /** The page without the chosen run. */
  closeHref: string | null;
  /** Settings of the file without effect, and its problems. */
  notes: string[];
  /** "2 queries × 2 domains = 4 searches", or why there are none; null for a project without `inputs`. */
  searches: { count: string; refusal: string | null } | null;
  schedule: ScheduleLine | null;
  /** The address of this page with the form filled from the latest run; null without params. */
  likeLatestHref: string | null;
  planHref: string;
  /** The page with the rows of the live result; null if the project names no table. */
  resultsHref: string | null;
  pollSeconds: number;
}

export function projectPage(state: ProjectState, details: ProjectDetails, now: Instant): ProjectPage {
  const { project, run, past, query, quota, notes, troubles, pauses, searches } = state;
  const { definition } = project;
  const { projectId } = definition;
  const active = run !== null && isActive(run) ? run : null;
  const isStopping = active !== null && active.cancelRequestedAt !== null;
  const stepNames = definition.steps.map(({ name }) => name);
  const alike = past.alike.get(run?.scope ?? FULL_SCOPE) ?? [];
  const steps = projectSteps(definition.steps, past.steps, active, now);
  const isLong = steps.length > FEW_STEPS;
  const stale = staleWords(past.staleness, active !== null, now);
  const refusing = troubles.find(({ refusesRuns }) => refusesRuns) ?? null;
  const canRun = active === null && refusing === null && definition.isEnabled;
  const hasParams = Object.keys(definition.params).length > 0;
  const warnings = troubles.map(troubleWarning);
  return {
    projectId,
    name: definition.name,
    description: definition.description,
    tags: tagLinks(definition.tags),
    isDisabled: !definition.isEnabled,
    href: `/projects/${projectId}`,
    mark: projectMark(run, state.outdated),
    change: state.outdated && rerunReasonText(state.outdated),
    canRun,
    whyNot: active === null && refusing ? refusing.message : null,
    refusedUntil: canRun && quota?.remaining === 0 ? timeText(quota.resetsAt) : null,
    canStop: active !== null && !isStopping,
    isStopping,
    activeRunHref: active && `/runs/${active.runId}`,
    activeRunNumber: active && numberSign(active),
    stopHref: active && `/runs/${active.runId}/stop`,
    summary: summaryBar(run, definition.metrics, alike, quota, now, stale),
    outcome: outcomeOf(state, stepNames, warnings, now),
    steps,
    firstSteps: isLong ? steps.slice(0, FIRST_STEPS) : steps,
    furtherSteps: isLong ? steps.slice(FIRST_STEPS) : [],
    furtherStart: FIRST_STEPS + 1,
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
        isDisabled: !definition.isEnabled,
        query,
        ...details,
      },
      now,
    ),
    ...footerOf(state, details, stepNames, now),
    notes,
    searches: searches && { count: searchCountWords(searches.count), refusal: searches.refusal },
    schedule: scheduleLine(definition, pauses, Date.parse(now)),
    likeLatestHref: run && hasParams ? `/projects/${projectId}?like=${run.runId}` : null,
    planHref: `/projects/${projectId}/plan`,
    resultsHref: definition.liveResult.table === null ? null : `/projects/${projectId}/results`,
    pollSeconds: active ? 2 : 10,
  };
}

/** Returns the outcome of the latest run, or how the active one stands. */
function outcomeOf(
  { project: { definition }, file, run, waiting, errorLines }: ProjectState,
  stepNames: string[],
  warnings: FooterWarning[],
  now: Instant,
): ProjectOutcome {
  const {
    lead,
    detail,
    href,
    warnings: all,
  } = run
    ? runFooter(run, waiting, null, now, warnings)
    : neverRunFooter(file, !definition.isEnabled, null, warnings);
  const isEnded = run !== null && isTerminal(run);
  return {
    href,
    lead: isEnded ? lead : '',
    detail,
    errorLines: run?.status === 'failed' ? errorLines.slice(-SHOWN_ERROR_LINES) : [],
    warnings: all,
    inShort: run && runInShort(run, [], now),
    rerunFrom: isEnded ? rerunFromOf(run, stepNames) : null,
  };
}

/** Returns the foot for the run selected in the history, or else the active or latest run. */
function footerOf(
  { project: { definition }, file, run, waiting, quota, query }: ProjectState,
  { selected, page }: ProjectDetails,
  stepNames: string[],
  now: Instant,
): Pick<
  ProjectPage,
  'footer' | 'footerTitle' | 'footerRun' | 'rerunFrom' | 'hidesFooter' | 'isFooterInRow' | 'closeHref'
> {
  const shown = selected ?? (run && { run, waiting });
  return {
    footer: shown
      ? runFooter(shown.run, shown.waiting, quota, now)
      : neverRunFooter(file, !definition.isEnabled, quota),
    footerTitle: shown && (shown.run.runId === run?.runId ? 'Latest run' : 'Selected run'),
    footerRun: shown && runInShort(shown.run, definition.metrics, now),
    rerunFrom: shown === null || isActive(run) ? null : rerunFromOf(shown.run, stepNames),
    hidesFooter: selected === null,
    isFooterInRow: page.items.some(({ runId }) => runId === selected?.run.runId),
    closeHref: selected && historyHref(`/projects/${definition.projectId}`, { ...query, run: null }),
  };
}

/** Returns the re-run from the step that failed, if the project still has it. */
function rerunFromOf(run: Run, stepNames: string[]): RerunFrom | null {
  const step = run.steps.find(({ status }) => status === 'failed')?.name;
  return step !== undefined && stepNames.includes(step)
    ? { action: `/runs/${run.runId}/rerun`, scope: `from:${step}`, step, number: numberSign(run) }
    : null;
}

/** Leaves out the duration of an active run, because the foot already shows it. */
function runInShort(run: Run, metricNames: string[], now: Instant): RunInShort {
  return {
    number: numberSign(run),
    duration: isActive(run) ? null : durationOf(run, now),
    trigger: triggeredWords(run),
    params: paramsInShort(shownParams(run)),
    metrics: metricsInShort(run.metrics, metricNames),
  };
}

function troubleWarning({ message, since }: Trouble): FooterWarning {
  return since === null
    ? { text: message, at: null }
    : { text: `${message} Since`, at: timeTextOrNull(since) };
}

function isActive(run: Run | null): boolean {
  return run !== null && !isTerminal(run);
}
