import { basename } from 'node:path';
import { type Instant, toInstant } from '../../clock/clock';
import { durationText } from '../../clock/duration-text';
import type { TrendRun } from '../../history/latest-run.repository';
import type { RerunReason } from '../../history/rerun-reason';
import { rerunReasonText } from '../../history/rerun-reason-text';
import { ALIKE_RUNS, usualMs } from '../../history/usual-duration';
import type { ProjectDefinition } from '../../projects/project';
import type { KnownProject } from '../../projects/project-catalogue';
import type { QuotaStatus } from '../../quota/quotas';
import type { LiveResult } from '../../results/result.repository';
import { isTerminal, type Run } from '../../runs/run';
import { errorSentences } from '../../runs/run-error';
import { plainText } from '../../runs/text-part';
import type { Waiting } from '../../runs/waiting';
import { nextStartOfProject } from '../../schedules/next-start';
import { progressBar } from '../run/run-steps';
import { type DurationText, durationOf } from '../words/duration-text';
import { humanised } from '../words/humanised';
import { numberText } from '../words/number-text';
import { type PageWords, waitingInShort } from '../words/page-words';
import { endReasonWords, numberSign } from '../words/run-words';
import { shortText } from '../words/short-text';
import { projectMark, type StatusMark } from '../words/status-mark';
import { type TagLink, tagLinks } from '../words/tag-links';
import { type TimeText, timeText } from '../words/time-text';
import { type Trend, trendOf } from './trend';

const MAX_METRICS = 3;

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
  /** The last error line of the log; null unless a step failed. */
  errorLine: string | null;
  /** The live result; null without one. */
  live: Pick<LiveResult, 'file' | 'number'> | null;
  /** Newest first. */
  trend: TrendRun[];
  quota: QuotaStatus | null;
  /** True while its schedules start nothing. */
  isPaused: boolean;
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
  /** The typical duration; null with too few runs. */
  typical: string | null;
  trend: Trend | null;
  /** Null without an enabled schedule. The time is null while it is paused. */
  nextStart: { at: TimeText | null } | null;
  /** Metrics of the last run; at most three. */
  metrics: { name: string; value: string }[];
  /** The live result. */
  result: { name: string; href: string } | null;
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

/** @param mayGo true if the row may disappear after an action */
export function projectRow(facts: ProjectFacts, mayGo: boolean, now: Instant): ProjectRow {
  const { project, run, trend, outdated, quota, live, isPaused } = facts;
  const { definition, isDefault } = project;
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
    detail: run && detailOf(run, facts, bar?.text ?? null, now),
    progress: bar?.max ? { value: bar.value ?? 0, max: bar.max } : null,
    lastRun: run && timeText(run.startedAt),
    lastRunHref: run && `/runs/${run.runId}`,
    lastNumber: run && numberSign(run),
    duration: run && durationOf(run, now),
    typical: typicalOf(trend),
    trend: trend.length === 0 ? null : trendOf(trend, now),
    metrics: metricsOf(definition, run),
    result: live && {
      name: basename(live.file),
      href: `${href}/${definition.liveResult.table === null ? 'result' : 'results'}`,
    },
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

/** Returns the typical duration of the completed runs among the latest ones. */
function typicalOf(trend: TrendRun[]): string | null {
  const usual = usualMs(trend.filter(({ status }) => status === 'completed').slice(0, ALIKE_RUNS));
  return usual === null ? null : durationText(usual);
}

/** The metrics of the project file come first. */
function metricsOf({ metrics }: ProjectDefinition, run: Run | null): ProjectRow['metrics'] {
  const values = run?.metrics ?? {};
  const names = [...new Set([...metrics, ...Object.keys(values)])].filter(
    (name) => values[name] !== undefined,
  );
  return names
    .slice(0, MAX_METRICS)
    .map((name) => ({ name: humanised(name), value: numberText(values[name]!) }));
}

function detailOf(
  run: Run,
  { waiting, outdated, errorLine }: ProjectFacts,
  progress: string | null,
  now: Instant,
): PageWords[] | null {
  const lastWords = errorLine === null ? null : shortText(errorLine, 200);
  const text = (outdated && rerunReasonText(outdated)) ?? progress ?? lastWords ?? endDetail(run);
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

export function markOf({ run, outdated }: ProjectState): StatusMark {
  return projectMark(run, outdated);
}
