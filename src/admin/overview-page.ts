import { elapsedMs, type Instant } from '../clock/clock';
import type { FileProblem } from '../config-files/file-problem';
import type { KnownProject } from '../projects/project-catalogue';
import { isTerminal, type Run } from '../runs/run';
import type { RunView } from '../runs/run-view';
import { type DurationText, durationOf } from './duration-text';
import { pageVersion, waitingCode } from './page-version';
import { STATUS_WORDS } from './plain-words';
import { progressBar } from './run-steps';
import { runMark, type StatusMark } from './status-mark';
import { type TimeText, timeText } from './time-text';

/** How many runs the trend shows. */
export const TREND_RUNS = 20;
const TREND_HEIGHT = 24;
const TREND_STEP = 6;

/** A project with its runs, newest first. */
export interface ProjectRuns {
  project: KnownProject;
  runs: Run[];
  /** Of the newest run, where there is one. */
  view: RunView | null;
}

export interface OverviewPage {
  rows: ProjectRow[];
  problems: { file: string; line: number | null; reason: string }[];
  version: string;
  pollSeconds: number;
}

export interface ProjectRow {
  projectId: string;
  name: string;
  href: string;
  isDefault: boolean;
  mark: StatusMark;
  /** "at fit", "fit: 3 of 12 (25 %)", or why it waits. */
  detail: string | null;
  lastRun: TimeText | null;
  lastRunHref: string | null;
  duration: DurationText | null;
  trend: Trend | null;
}

export interface Trend {
  width: number;
  height: number;
  bars: { x: number; y: number; height: number; tone: string }[];
  /** The same in words, for those who do not see it. */
  label: string;
}

export function overviewPage(projects: ProjectRuns[], problems: FileProblem[], now: Instant): OverviewPage {
  const newest = projects.flatMap(({ runs }) => runs[0] ?? []);
  return {
    rows: projects.map((project) => projectRow(project, now)),
    problems: problems.map(({ file, line, reason }) => ({ file: `config/${file}`, line, reason })),
    version: pageVersion(
      newest,
      problems,
      projects.map(({ project, view }) => [project.definitionHash, waitingCode(view)]),
    ),
    pollSeconds: newest.some((run) => !isTerminal(run)) ? 2 : 10,
  };
}

function projectRow({ project: { definition }, runs, view }: ProjectRuns, now: Instant): ProjectRow {
  const run = runs[0] ?? null;
  return {
    projectId: definition.projectId,
    name: definition.name,
    href: `/projects/${definition.projectId}`,
    isDefault: definition.isDefault,
    mark: runMark(run),
    detail: run && stateDetail(run, view),
    lastRun: run && timeText(run.startedAt),
    lastRunHref: run && `/runs/${run.runId}`,
    duration: run && durationOf(run, now),
    trend: runs.length === 0 ? null : trendOf(runs, now),
  };
}

function stateDetail(run: Run, view: RunView | null): string | null {
  if (run.status === 'failed') {
    const step = run.steps.find(({ status }) => status === 'failed');
    return step ? `at ${step.name}` : (run.error?.message ?? null);
  }
  if (isTerminal(run) || view?.waiting) return null;
  return progressBar(run)?.text ?? null;
}

/** Bars by duration on the scale of the longest, oldest on the left. */
export function trendOf(newestFirst: Run[], now: Instant): Trend {
  const runs = [...newestFirst].reverse();
  const durations = runs.map((run) => elapsedMs(run.startedAt, run.endedAt ?? now));
  const longest = Math.max(...durations, 1);
  const counts = new Map<string, number>();
  for (const { status } of runs) counts.set(status, (counts.get(status) ?? 0) + 1);
  const words = [...counts].map(
    ([status, count]) => `${count} ${STATUS_WORDS[status as Run['status']].toLowerCase()}`,
  );
  return {
    width: TREND_RUNS * TREND_STEP,
    height: TREND_HEIGHT,
    bars: runs.map(({ status }, index) => {
      const height = Math.max(3, Math.round((durations[index]! / longest) * TREND_HEIGHT));
      return {
        x: index * TREND_STEP,
        y: TREND_HEIGHT - height,
        height,
        tone: status,
      };
    }),
    label: `Last ${runs.length === 1 ? 'run' : `${runs.length} runs`}: ${words.join(', ')}`,
  };
}
