import { elapsedMs, type Instant } from '../../clock/clock';
import { isTerminal, type Run } from '../../runs/run';
import type { PastEvent, PastEvents, PastRejection } from '../../history/run-detail.repository';
import { durationText } from '../../clock/duration-text';
import { numberText } from '../words/number-text';
import { shortText } from '../words/short-text';
import { clockText, type TimeText, timeText } from '../words/time-text';
import { entryOf, isRefused, isRoutine, rejectedEntry, type TimelineEntry } from './timeline-entry';
import { aliveText, entryText, routineText } from './timeline-text';

/** One event, or several of the same kind. */
export interface TimelineLine {
  at: TimeText;
  text: string;
  /** True if the event changed nothing or could not be applied. */
  isRefused: boolean;
}

export interface RunTimeline {
  first: TimelineLine[];
  last: TimelineLine[];
  /** Link to the list of all events; null if `first` has them all. */
  allEventsHref: string | null;
  /** The number of events that the stored history omits because of its limits; null for none. */
  unlisted: string | null;
}

interface TimedEntry {
  at: Instant;
  entry: TimelineEntry;
}

/** The maximum number of lines from the start and from the end, if not all are shown. */
const FIRST_LINES = 20;
const LAST_LINES = 100;
/** The maximum number of characters of a line. An event may carry a message of several kilobytes. */
const MAX_TEXT_LENGTH = 500;

export function runTimeline(run: Run, past: PastEvents): RunTimeline {
  const { first, last, gapAfter } = past;
  const unlisted = past.unlisted === 0 ? null : numberText(past.unlisted);
  const rejected = past.rejected.map(timedRejection);
  const accepted: TimedEntry = {
    at: run.startedAt,
    entry: {
      kind: 'accepted',
      triggeredBy: run.triggeredBy,
      triggeredByName: run.triggeredByName,
      scope: run.scope,
    },
  };
  const end = endWithoutEvent(run, [...first, ...last]);
  if (gapAfter === null) {
    const entries = [accepted, ...inOrder([...first, ...last].map(timedEvent), rejected), ...end];
    const lines = folded(entries);
    if (lines.length <= FIRST_LINES + LAST_LINES)
      return { first: lines, last: [], allEventsHref: null, unlisted };
    return {
      first: lines.slice(0, FIRST_LINES),
      last: lines.slice(-LAST_LINES),
      allEventsHref: timelineHref(run.runId, first[0]!.position - 1),
      unlisted,
    };
  }
  // All rejected events are listed with the last part, even those rejected before the gap.
  return {
    first: folded([accepted, ...first.map(timedEvent)]).slice(0, FIRST_LINES),
    last: folded([...inOrder(last.map(timedEvent), rejected), ...end]).slice(-LAST_LINES),
    allEventsHref: timelineHref(run.runId, first[0]!.position - 1),
    unlisted,
  };
}

/** Returns the lines of one page of the history. */
export function timelineLines(events: PastEvent[]): TimelineLine[] {
  return folded(events.map(timedEvent));
}

export function timelineHref(runId: string, after: number): string {
  return `/runs/${runId}/timeline?after=${after}`;
}

function timedEvent(event: PastEvent): TimedEntry {
  return { at: event.appliedAt, entry: entryOf(event) };
}

function timedRejection(rejection: PastRejection): TimedEntry {
  return { at: rejection.rejectedAt, entry: rejectedEntry(rejection) };
}

/** Merges both lists without reordering either, so that a clock set back does not change the order of arrival. */
function inOrder(events: TimedEntry[], rejected: TimedEntry[]): TimedEntry[] {
  const remaining = [...rejected];
  const merged = events.flatMap((event) => {
    const before = remaining.findIndex(({ at }) => at >= event.at);
    return [...remaining.splice(0, before === -1 ? remaining.length : before), event];
  });
  return [...merged, ...remaining];
}

/** Returns one entry if the run ended without an event, for example because its worker was lost. */
function endWithoutEvent(run: Run, events: PastEvent[]): TimedEntry[] {
  if (!isTerminal(run) || events.some(({ toPhase }) => toPhase === run.status)) return [];
  return [{ at: run.endedAt!, entry: { kind: 'ended', status: run.status, reason: run.statusReason } }];
}

/**
 * Combines consecutive entries into one line: routine entries, equal entries, and reports on one signal together with
 * the routine entries between them.
 */
function folded(entries: TimedEntry[]): TimelineLine[] {
  const lines: TimelineLine[] = [];
  let index = 0;
  while (index < entries.length) {
    const start = entries[index]!;
    let end = index + 1;
    while (end < entries.length && isFolded(start.entry, entries[end]!.entry)) end++;
    // Routine entries after the last report on a signal start the next line.
    if (start.entry.kind === 'signal') while (isRoutine(entries[end - 1]!.entry)) end--;
    const text = textOf(entries.slice(index, end));
    const at = timeText(start.at);
    lines.push({
      at: { ...at, text: clockText(start.at).text },
      text: shortText(text, MAX_TEXT_LENGTH),
      isRefused: isRefused(start.entry),
    });
    index = end;
  }
  return lines;
}

/** Returns true if an entry joins the line that `start` begins. */
function isFolded(start: TimelineEntry, next: TimelineEntry): boolean {
  if (isRoutine(start)) return isRoutine(next);
  if (start.kind !== 'signal') return JSON.stringify(start) === JSON.stringify(next);
  // A step may still report progress between two reports on a signal.
  return (
    isRoutine(next) || (next.kind === 'signal' && next.signal === start.signal && next.step === start.step)
  );
}

function textOf(group: TimedEntry[]): string {
  const { entry } = group[0]!;
  const routine = group.flatMap((each) => (isRoutine(each.entry) ? [each.entry] : []));
  if (isRoutine(entry)) return routineText(routine);
  const text = entryText(entry);
  if (entry.kind !== 'signal')
    return group.length === 1 ? text : `${text} (${numberText(group.length)} times)`;
  return signalText(text, group) + (routine.length === 0 ? '' : `; meanwhile ${routineText(routine)}`);
}

/**
 * Returns one line for all reports on a signal: "SIGTERM sent to step fit; after 9.1 s still alive: python3 (pid
 * 7)".
 */
function signalText(text: string, group: TimedEntry[]): string {
  const first = group[0]!;
  const last = group.at(-1)!;
  if (last.entry.kind !== 'signal' || last.entry.alive === null) return text;
  const after = last === first ? '' : `after ${durationText(elapsedMs(first.at, last.at))} `;
  return `${text}; ${after}${aliveText(last.entry.alive)}`;
}
