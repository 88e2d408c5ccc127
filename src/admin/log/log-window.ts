import type { Instant } from '../../clock/clock';
import type { LogLine } from '../../logs/log-line';
import type { StepStart } from '../../logs/step-starts';
import { logLineView, type LogLineView } from './log-line-view';
import { isFiltered, LEVELS, logAddress, type LogFilter, markedText, searchPattern } from './log-question';
import { clockText, type TimeText } from '../words/time-text';

/** What was read of a log, and what was looked through for it. */
export interface LogReading {
  lines: LogLine[];
  /** The first and the last line that were looked at, whether or not they are among `lines`. */
  from: number;
  to: number;
  /** The last line of the whole log: what comes live follows it. */
  lastSeq: number;
}

/** A part of a log as it is shown. */
export interface LogWindow {
  sections: LogSection[];
  count: number;
  from: number;
  to: number;
  lastSeq: number;
  isFiltered: boolean;
  /** Whether the window reaches to the end, and so grows with the log. */
  isLatest: boolean;
  /** Whether the run may still write. */
  isActive: boolean;
  /** How many steps have begun to write, in all attempts. */
  stepCount: number;
}

/** Lines of one step that follow each other. */
export interface LogSection {
  step: string | null;
  title: string;
  /** In a log that knows no steps a heading would only be in the way. */
  isUntitled: boolean;
  /** Lists of at most `LIST_LINES`. */
  lists: LogLineView[][];
}

/** Where else one can go from a window, for a page without scripts and for scripts to begin with. */
export interface LogLinks {
  earlierHref: string | null;
  laterHref: string | null;
  endHref: string | null;
  /** Out of every filter. */
  allHref: string;
  /** Back to the search from which a marked text comes; null where nothing is marked but what was searched for. */
  matchesHref: string | null;
  levels: { label: string; href: string; isCurrent: boolean }[];
}

export interface StepLink {
  name: string;
  href: string;
}

const LEVEL_LABELS = { all: 'All', warnings: 'Warnings', errors: 'Errors' };

/** Some lines before the one that is linked to, so that it is seen what came before it. */
const LINES_BEFORE = 20;

/** Browsers leave out what is not in view, a list at a time: many lists cost them time, and so do long ones. */
const LIST_LINES = 100;

export function logWindow(
  runId: string,
  { lines, from, to, lastSeq }: LogReading,
  filter: LogFilter,
  isActive: boolean,
  stepCount: number,
): LogWindow {
  const filtered = isFiltered(filter);
  const mark = markedText(filter);
  const pattern = searchPattern(mark);
  const href = filtered ? (seq: number) => lineHref(runId, seq, mark) : (seq: number) => `#L${seq}`;
  const timeOf = sharedTimes();
  const hasSteps = lines.some(({ step }) => step !== null);
  const sections: LogSection[] = [];
  let current: LogSection | undefined;
  for (const line of lines) {
    if (current === undefined || current.step !== line.step) {
      const title = line.step ?? 'Outside of the steps';
      current = { step: line.step, title, isUntitled: !hasSteps, lists: [[]] };
      sections.push(current);
    }
    if (current.lists.at(-1)!.length === LIST_LINES) current.lists.push([]);
    current.lists.at(-1)!.push(logLineView(line, pattern, href, timeOf));
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
  };
}

/** To where each step begins; with the attempt where there was more than one. */
export function stepLinks(runId: string, starts: StepStart[]): StepLink[] {
  const hasAttempts = new Set(starts.map(({ attempt }) => attempt)).size > 1;
  return starts.map(({ attempt, step, seq }) => ({
    name: hasAttempts ? `${step} (attempt ${attempt})` : step,
    href: lineHref(runId, seq),
  }));
}

/** The place of a line in the whole log, however far from its end. */
export function lineHref(runId: string, seq: number, mark = ''): string {
  const place = { from: Math.max(1, seq - LINES_BEFORE) };
  return `/runs/${runId}${logAddress({ level: 'all', q: '', mark }, place)}#L${seq}`;
}

/** The lines of one write share their time, which is put into words once. */
function sharedTimes(): (at: Instant) => TimeText {
  let last: Instant | null = null;
  let text: TimeText | null = null;
  return (at) => {
    if (at !== last || text === null) [last, text] = [at, clockText(at)];
    return text;
  };
}
