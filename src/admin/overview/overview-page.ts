import { type Instant, toInstant } from '../../clock/clock';
import type { FileProblem } from '../../config-files/file-problem';
import type { ProjectDefinition } from '../../projects/project';
import type { KnownProject } from '../../projects/project-catalogue';
import type { QuotaStatus } from '../../quota/quotas';
import type { TrendRun } from '../../history/latest-run.repository';
import { isTerminal, type Run } from '../../runs/run';
import type { RerunReason } from '../../history/rerun-reason';
import { errorSentences } from '../../runs/run-error';
import { plainText } from '../../runs/text-part';
import type { Waiting } from '../../runs/waiting';
import { nextStartOfProject } from '../../schedules/next-start';
import { type DurationText, durationOf } from '../words/duration-text';
import { numberText } from '../words/number-text';
import { endReasonWords, numberSign } from '../words/run-words';
import { progressBar } from '../run/run-steps';
import { projectMark, type ProjectTone, projectToneMark, type StatusMark } from '../words/status-mark';
import { rerunReasonText } from '../../history/rerun-reason-text';
import { type TagLink, tagLinks } from '../words/tag-links';
import { shortText } from '../words/short-text';
import { type TimeText, timeText } from '../words/time-text';
import { type Trend, TREND_RUNS, trendOf } from './trend';
import { type PageWords, waitingInShort } from '../words/page-words';

/** The facts that determine the state of a project. */
export interface ProjectState {
  project: KnownProject;
  /** The active run, or else the latest. */
  run: Run | null;
  /** Why the latest result may be out of date. */
  outdated: RerunReason | null;
}

/** A project with the facts shown in its row. */
export interface ProjectFacts extends ProjectState {
  /** Why the run makes no progress. */
  waiting: Waiting | null;
  /** Newest first. */
  trend: TrendRun[];
  quota: QuotaStatus | null;
  /** True while its schedules start nothing. */
  isPaused: boolean;
}

/** The choice of projects to show. */
export interface OverviewChoice {
  /** Null for all states. */
  tone: ProjectTone | null;
  /** Null for all projects. */
  tag: string | null;
  /** Starts at 1. */
  page: number;
}

export const PROJECTS_PER_PAGE = 100;
const MAX_TAG_LENGTH = 50;
/** The page lists at most this many problems of configuration files. */
const MAX_LISTED_PROBLEMS = 50;

export interface OverviewPage {
  /** The projects of the requested page, by name. */
  rows: ProjectRow[];
  /** Null if one page shows all. */
  paging: { text: string; previousHref: string | null; nextHref: string | null } | null;
  /** Counts such as "8 projects: 3 running, 1 failed", most urgent first, each with its mark and a link. */
  counts: { mark: StatusMark; count: number; href: string; isCurrent: boolean }[];
  /** The text in the browser tab: "● 3 running"; null if no project is urgent. */
  headline: string | null;
  /** The word of the chosen state; null if all are shown. */
  chosen: string | null;
  tag: string | null;
  /** The address of all states. */
  allHref: string;
  hasProjects: boolean;
  /** Whether a project on the page has a next start. */
  hasSchedules: boolean;
  /** The maximum number of runs in the trend. */
  trendRuns: number;
  problems: { file: string; line: number | null; reason: string }[];
  /** The number of problems beyond the limit; null for none. */
  moreProblems: string | null;
  /** The number of this page, starting at 1. */
  page: number;
  /** The address of this page, for a reload. */
  href: string;
  pollSeconds: number;
}

export interface ProjectRow {
  projectId: string;
  name: string;
  href: string;
  isDefault: boolean;
  /** The file says that no run starts. */
  isDisabled: boolean;
  tags: TagLink[];
  mark: StatusMark;
  /** The failed step ("at fit"), the progress ("fit: 3 of 12 (25%)"), why the result is out of date, or why the run waits. */
  detail: PageWords[] | null;
  progress: { value: number; max: number } | null;
  lastRun: TimeText | null;
  lastRunHref: string | null;
  /** "#14" */
  lastNumber: string | null;
  duration: DurationText | null;
  trend: Trend | null;
  /** Null without an enabled schedule. The time is null while it is paused. */
  nextStart: { at: TimeText | null } | null;
  quota: { left: string; limit: string; isReached: boolean; resetsAt: TimeText } | null;
  /** True if a run needs a value that the user must type. */
  wantsParams: boolean;
  /** Null during a run, and if the user must type a value first. */
  runAction: string | null;
  /** Null unless an active run can be stopped. */
  stopAction: string | null;
  isStopping: boolean;
  activeRunId: string | null;
  /** Selects where an answer appears: below the row, or at the top if the row may disappear after the action. */
  answerPlace: string;
}

/** Returns the projects of the requested page, or of the last page if the number is too high. */
export function projectsOnPage<State extends ProjectState>(
  projects: State[],
  { tone, page }: OverviewChoice,
): { shown: State[]; from: number; total: number } {
  const chosen = tone === null ? projects : projects.filter((state) => markOf(state).tone === tone);
  const lastPage = Math.max(1, Math.ceil(chosen.length / PROJECTS_PER_PAGE));
  const from = (Math.min(page, lastPage) - 1) * PROJECTS_PER_PAGE;
  return { shown: chosen.slice(from, from + PROJECTS_PER_PAGE), from, total: chosen.length };
}

/**
 * @param states of all projects, for the counts
 * @param facts of the projects on the page
 * @param problems with paths for display
 */
export function overviewPage(
  states: ProjectState[],
  facts: ProjectFacts[],
  problems: FileProblem[],
  choice: OverviewChoice,
  now: Instant,
): OverviewPage {
  const { tone } = choice;
  const counts = countsOf(states, choice);
  const { from, total } = projectsOnPage(states, choice);
  const page = from / PROJECTS_PER_PAGE + 1;
  const rows = facts.map((project) => projectRow(project, tone !== null, now));
  const hasSchedules = rows.some(({ nextStart }) => nextStart !== null);
  return {
    rows,
    hasSchedules,
    paging: pagingOf({ ...choice, page }, from, facts.length, total),
    counts,
    headline: headlineOf(counts),
    chosen: tone && projectToneMark(tone).word,
    tag: choice.tag,
    allHref: overviewHref('/', { ...choice, tone: null, page: 1 }),
    hasProjects: states.length > 0 || choice.tag !== null,
    trendRuns: TREND_RUNS,
    problems: problems
      .slice(0, MAX_LISTED_PROBLEMS)
      .map(({ file, line, reason }) => ({ file, line, reason: shortText(reason, 500) })),
    moreProblems:
      problems.length > MAX_LISTED_PROBLEMS ? numberText(problems.length - MAX_LISTED_PROBLEMS) : null,
    page,
    href: overviewHref('/', { ...choice, page }),
    pollSeconds: states.some(({ run }) => run !== null && !isTerminal(run)) ? 2 : 10,
  };
}

function pagingOf(
  choice: OverviewChoice,
  from: number,
  shown: number,
  total: number,
): OverviewPage['paging'] {
  const { page } = choice;
  if (total <= PROJECTS_PER_PAGE) return null;
  return {
    text: `${numberText(from + 1)} to ${numberText(from + shown)} of ${numberText(total)}`,
    previousHref: page === 1 ? null : overviewHref('/', { ...choice, page: page - 1 }),
    nextHref: from + shown < total ? overviewHref('/', { ...choice, page: page + 1 }) : null,
  };
}

/** @param path of the overview or of its changing part */
export function overviewHref(path: '/' | '/state', { tone, tag, page }: OverviewChoice): string {
  const query = new URLSearchParams();
  if (tone !== null) query.set('state', tone);
  if (tag !== null) query.set('tag', tag);
  if (page > 1) query.set('page', String(page));
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

/** The states of a project, most urgent first. */
const TONES: ProjectTone[] = ['running', 'failed', 'partial', 'cancelled', 'outdated', 'completed', 'never'];
const URGENT: StatusMark['tone'][] = ['running', 'failed'];

/** Returns the state in the address; null for all. */
export function chosenTone(asked: unknown): ProjectTone | null {
  return TONES.find((tone) => tone === asked) ?? null;
}

/** Returns the tag in the address; null for all projects. */
export function chosenTag(asked: unknown): string | null {
  return typeof asked === 'string' && asked !== '' ? asked.slice(0, MAX_TAG_LENGTH) : null;
}

/** Returns the projects with the chosen tag; all without one. */
export function withTag<State extends ProjectState>(projects: State[], { tag }: OverviewChoice): State[] {
  return tag === null ? projects : projects.filter(({ project }) => project.definition.tags.includes(tag));
}

/** Returns the page number in the address; 1 if there is none. */
export function chosenPage(asked: unknown): number {
  return typeof asked === 'string' && /^[1-9]\d{0,5}$/.test(asked) ? Number(asked) : 1;
}

function markOf({ run, outdated }: ProjectState): StatusMark {
  return projectMark(run, outdated);
}

/** Omits states without projects, except for the chosen one, so that the choice stays visible. */
function countsOf(states: ProjectState[], choice: OverviewChoice): OverviewPage['counts'] {
  const tones = states.map((state) => markOf(state).tone);
  return TONES.flatMap((tone) => {
    const count = tones.filter((each) => each === tone).length;
    const isCurrent = tone === choice.tone;
    return count === 0 && !isCurrent
      ? []
      : [
          {
            mark: projectToneMark(tone),
            count,
            href: overviewHref('/', { ...choice, tone, page: 1 }),
            isCurrent,
          },
        ];
  });
}

function headlineOf(counts: OverviewPage['counts']): string | null {
  const urgent = counts.find(({ mark, count }) => count > 0 && URGENT.includes(mark.tone));
  return urgent ? `${urgent.mark.icon} ${urgent.count} ${urgent.mark.word.toLowerCase()}` : null;
}

function projectRow(
  { project: { definition, isDefault }, run, waiting, trend, outdated, quota, isPaused }: ProjectFacts,
  mayGo: boolean,
  now: Instant,
): ProjectRow {
  const href = `/projects/${definition.projectId}`;
  const active = run !== null && !isTerminal(run) ? run : null;
  const wantsParams =
    active === null &&
    definition.isEnabled &&
    Object.values(definition.params).some(({ required, default: given }) => required && given === null);
  const bar = active && active.cancelRequestedAt === null ? progressBar(active) : null;
  return {
    projectId: definition.projectId,
    name: definition.name,
    href,
    isDefault,
    isDisabled: !definition.isEnabled,
    tags: tagLinks(definition.tags),
    mark: projectMark(run, outdated),
    detail: run && detailOf(run, waiting, outdated, bar?.text ?? null, now),
    progress: bar?.max ? { value: bar.value ?? 0, max: bar.max } : null,
    lastRun: run && timeText(run.startedAt),
    lastRunHref: run && `/runs/${run.runId}`,
    lastNumber: run && numberSign(run),
    duration: run && durationOf(run, now),
    trend: trend.length === 0 ? null : trendOf(trend, now),
    nextStart: nextStartOf(definition, isPaused, now),
    quota: quota && {
      left: numberText(quota.remaining),
      limit: numberText(quota.dailyLimit),
      isReached: quota.remaining === 0,
      resetsAt: timeText(quota.resetsAt),
    },
    wantsParams,
    runAction: active || wantsParams || !definition.isEnabled ? null : `${href}/runs`,
    stopAction: active && active.cancelRequestedAt === null ? `/runs/${active.runId}/stop` : null,
    isStopping: active !== null && active.cancelRequestedAt !== null,
    activeRunId: active && active.runId,
    answerPlace: mayGo ? '#notice-place' : `#said-${definition.projectId}`,
  };
}

function nextStartOf(
  definition: ProjectDefinition,
  isPaused: boolean,
  now: Instant,
): ProjectRow['nextStart'] {
  const nextMs = nextStartOfProject(definition, Date.parse(now));
  if (nextMs === null) return null;
  return { at: isPaused ? null : timeText(toInstant(nextMs)) };
}

function detailOf(
  run: Run,
  waiting: Waiting | null,
  outdated: RerunReason | null,
  progress: string | null,
  now: Instant,
): PageWords[] | null {
  const text = (outdated && rerunReasonText(outdated)) ?? progress ?? endDetail(run);
  return waitingInShort(run, waiting, now) ?? (text === null ? null : [{ text }]);
}

/** Returns the detail that the status word does not contain. */
function endDetail(run: Run): string | null {
  const failed = run.steps.find(({ status }) => status === 'failed');
  if (run.status === 'failed' && failed) return `at ${failed.name}`;
  if (run.status === 'failed' && run.error) {
    return shortText(plainText(errorSentences(run)?.[0] ?? []), 200) || null;
  }
  const reason = endReasonWords(run);
  return reason === null ? null : shortText(reason, 200);
}
