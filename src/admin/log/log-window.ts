import type { Instant } from '../../clock/clock';
import type { StepStart } from '../../logs/step-starts';
import { type LevelledLine, logLineView, type LogLineView } from './log-line-view';
import type { LineRange } from './line-range';
import {
  isFiltered,
  LEVELS,
  logAddress,
  type LogFilter,
  markedText,
  searchPattern,
  startBefore,
} from './log-question';
import { clockText, type TimeText } from '../words/time-text';

/** Lines read from a log, with the range scanned for them. */
export interface LogReading {
  lines: LevelledLine[];
  /** The first and the last line scanned, whether or not they are in `lines`. */
  from: number;
  to: number;
  /** The last line of the whole log; live lines follow it. */
  lastSeq: number;
}

/** Facts of a run for its log. */
export interface LogRun {
  /** True if the run may still write. */
  isActive: boolean;
  /** True if steps ran side by side, so that their lines are mixed. */
  isMixed: boolean;
}

/** A part of a log as shown on the page. */
export interface LogWindow {
  sections: LogSection[];
  count: number;
  from: number;
  to: number;
  lastSeq: number;
  isFiltered: boolean;
  /** True if the window reaches the end and therefore grows with the log. */
  isLatest: boolean;
  /** True if the run may still write. */
  isActive: boolean;
  /** The number of steps that have started to write, over all attempts. */
  stepCount: number;
}

/** Consecutive lines of one step. */
export interface LogSection {
  step: string | null;
  title: string;
  /** True in a log without steps, where a heading would only add noise. */
  isUntitled: boolean;
  /** Lists of at most `LIST_LINES` lines. */
  lists: LogLineView[][];
}

/** Links to other parts of the log, for pages without scripts and as the initial state of scripts. */
export interface LogLinks {
  earlierHref: string | null;
  laterHref: string | null;
  endHref: string | null;
  /** The log without any filter. */
  allHref: string;
  /** The search that the marked text comes from; null unless the reader left a search. */
  matchesHref: string | null;
  levels: { label: string; href: string; isCurrent: boolean }[];
  /** The step that the lines are limited to; null for all. */
  onlyStep: { name: string; allHref: string } | null;
}

export interface StepLink {
  name: string;
  href: string;
}

const LEVEL_LABELS = { all: 'All', warnings: 'Warnings', errors: 'Errors' };

/** Browsers skip the layout of each list that is out of view. Both many lists and long lists are slow. */
const LIST_LINES = 100;

export function logWindow(
  runId: string,
  { lines, from, to, lastSeq }: LogReading,
  filter: LogFilter & { lines?: LineRange | null },
  { isActive, isMixed }: LogRun,
  stepCount: number,
): LogWindow {
  const filtered = isFiltered(filter);
  const mark = markedText(filter);
  const pattern = searchPattern(mark);
  const href = filtered ? (seq: number) => lineHref(runId, seq, mark) : (seq: number) => `#L${seq}`;
  const timeOf = sharedTimes();
  const hasSteps = lines.some(({ step }) => step !== null);
  // One section for mixed lines: a heading for every second line would hide them.
  const sectionOf = ({ step }: LevelledLine) => (isMixed && filter.only === null ? null : step);
  const sections: LogSection[] = [];
  let current: LogSection | undefined;
  for (const line of lines) {
    const step = sectionOf(line);
    if (current === undefined || current.step !== step) {
      const title = step ?? 'Outside steps';
      current = { step, title, isUntitled: !hasSteps || (isMixed && step === null), lists: [[]] };
      sections.push(current);
    }
    if (current.lists.at(-1)!.length === LIST_LINES) current.lists.push([]);
    current.lists
      .at(-1)!
      .push(logLineView(line, pattern, href, timeOf, isMixed && step === null, filter.lines));
  }
  return {
    sections,
    count: lines.length,
    from,
    to,
    lastSeq,
    isFiltered: filtered,
    isLatest: to >= lastSeq,
    isActive,
    stepCount,
  };
}

export function logLinks(runId: string, { from, to, isLatest }: LogWindow, filter: LogFilter): LogLinks {
  const page = (place: Record<string, number>) => `/runs/${runId}${logAddress(filter, place)}#run-log`;
  return {
    earlierHref: from > 1 ? page({ to: from - 1 }) : null,
    laterHref: isLatest ? null : page({ from: to + 1 }),
    endHref: isLatest ? null : page({}),
    allHref: `/runs/${runId}#run-log`,
    matchesHref:
      filter.mark === '' || filter.q !== ''
        ? null
        : `/runs/${runId}${logAddress({ ...filter, q: filter.mark, mark: '' })}#run-log`,
    levels: LEVELS.map((level) => ({
      label: LEVEL_LABELS[level],
      href: `/runs/${runId}${logAddress({ ...filter, level })}#run-log`,
      isCurrent: level === filter.level,
    })),
    onlyStep:
      filter.only === null
        ? null
        : { name: filter.only, allHref: `/runs/${runId}${logAddress({ ...filter, only: null })}#run-log` },
  };
}

/** Returns links to the start of each step, with the attempt at the run and at the step if there was more than one. */
export function stepLinks(runId: string, starts: StepStart[]): StepLink[] {
  const hasAttempts = new Set(starts.map(({ attempt }) => attempt)).size > 1;
  return starts.map(({ attempt, step, stepAttempt = 1, seq }) => ({
    name: `${step}${stepAttempt > 1 ? ` #${stepAttempt}` : ''}${hasAttempts ? ` (attempt ${attempt})` : ''}`,
    href: lineHref(runId, seq),
  }));
}

/** Returns the link to the lines of one step only. */
export function hrefOfOnly(runId: string, filter: LogFilter, step: string): string {
  return `/runs/${runId}${logAddress({ ...filter, only: step })}#run-log`;
}

/** Returns the link to a line in the whole log, at any distance from the end. */
export function lineHref(runId: string, seq: number, mark = ''): string {
  const place = { from: startBefore(seq) };
  return `/runs/${runId}${logAddress({ level: 'all', q: '', only: null, mark }, place)}#L${seq}`;
}

/** Caches the last time text, because the lines of one write share their time. */
function sharedTimes(): (at: Instant) => TimeText {
  let last: Instant | null = null;
  let text: TimeText | null = null;
  return (at) => {
    if (at !== last || text === null) [last, text] = [at, clockText(at)];
    return text;
  };
}
