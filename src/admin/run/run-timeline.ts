import { elapsedMs, type Instant } from '../../clock/clock';
import { isTerminal, type Run } from '../../runs/run';
import type { PastEvent, PastEvents, PastRejection } from '../../runs/run-past';
import { type Chatter, eventWords } from './event-words';
import { durationText } from '../words/duration-text';
import { numberText, reasonWords, scopeWords, STATUS_WORDS, TRIGGER_WORDS } from '../words/plain-words';
import { shortText } from '../words/short-text';
import { clockText, type TimeText, timeText } from '../words/time-text';

/** One thing that happened, or several of the same kind. */
export interface TimelineLine {
  at: TimeText;
  text: string;
  /** It changed nothing, or could not be applied. */
  isRefused: boolean;
}

export interface RunTimeline {
  first: TimelineLine[];
  last: TimelineLine[];
  /** Where the events between the two are shown. */
  betweenHref: string | null;
  /** How many more were applied and are not listed; null for none. */
  unlisted: string | null;
}

interface Told {
  at: Instant;
  text: string | null;
  chatter: Chatter | null;
  left?: string;
  isRefused: boolean;
}

/** So many lines are shown of the beginning where not all are, the rest being of the end. */
const FIRST_LINES = 20;
const LAST_LINES = 100;
/** An event may carry a message of many kilobytes. */
const MAX_TEXT_LENGTH = 500;

export function runTimeline(run: Run, past: PastEvents): RunTimeline {
  const { first, last, gapAfter, rejected } = past;
  const unlisted = past.unlisted === 0 ? null : numberText(past.unlisted);
  const refused = rejected.map(rejectedTold);
  const accepted: Told = {
    at: run.startedAt,
    text: `Accepted ${TRIGGER_WORDS[run.triggeredBy]}: ${scopeWords(run.scope)}`,
    chatter: null,
    isRefused: false,
  };
  const end = endThatNobodyTold(run, [...first, ...last]);
  if (gapAfter === null) {
    const told = [accepted, ...inOrder([...first, ...last].map(toldBy), refused), ...(end ? [end] : [])];
    const lines = folded(told);
    if (lines.length <= FIRST_LINES + LAST_LINES)
      return { first: lines, last: [], betweenHref: null, unlisted };
    return {
      first: lines.slice(0, FIRST_LINES),
      last: lines.slice(-LAST_LINES),
      betweenHref: timelineHref(run.runId, first[0]!.position - 1),
      unlisted,
    };
  }
  // What was rejected between the two is said with the events of the end.
  return {
    first: folded([accepted, ...first.map(toldBy)]).slice(0, FIRST_LINES),
    last: folded([...inOrder(last.map(toldBy), refused), ...(end ? [end] : [])]).slice(-LAST_LINES),
    betweenHref: timelineHref(run.runId, first[0]!.position - 1),
    unlisted,
  };
}

/** A page of the history alone. */
export function timelineLines(events: PastEvent[]): TimelineLine[] {
  return folded(events.map(toldBy));
}

export function timelineHref(runId: string, after: number): string {
  return `/runs/${runId}/timeline?after=${after}`;
}

function toldBy({ appliedAt, eventType, outcome, effect, payload }: PastEvent): Told {
  const said = payload === null ? null : (JSON.parse(payload) as object);
  const words = eventWords({ eventType, outcome, effect, payload: said });
  return { at: appliedAt, ...words, isRefused: outcome !== 'applied' };
}

function rejectedTold({ rejectedAt, eventType, reason }: PastRejection): Told {
  const type = (eventType ?? 'An event').slice(0, 100);
  return {
    at: rejectedAt,
    text: `${type} arrived and could not be applied: ${reason}`,
    chatter: null,
    isRefused: true,
  };
}

/** Both in the order of their arrival, which a clock that is set back does not change. */
function inOrder(events: Told[], rejected: Told[]): Told[] {
  const left = [...rejected];
  const merged = events.flatMap((event) => {
    const before = left.findIndex(({ at }) => at >= event.at);
    return [...left.splice(0, before === -1 ? left.length : before), event];
  });
  return [...merged, ...left];
}

/** Some ends come by no event: nobody took the run, or its worker was given up. */
function endThatNobodyTold(run: Run, events: PastEvent[]): Told | null {
  if (!isTerminal(run)) return null;
  if (events.some(({ effect }) => effect?.endsWith(`→ ${run.status}`))) return null;
  const reason = run.statusReason === null ? '' : `: ${reasonWords(run.statusReason)}`;
  return {
    at: run.endedAt!,
    text: `${STATUS_WORDS[run.status]}${reason}`,
    chatter: null,
    isRefused: false,
  };
}

/** What is said over and over is one line, and so are events in a row that were refused for the same reason. */
function folded(told: Told[]): TimelineLine[] {
  const lines: TimelineLine[] = [];
  let index = 0;
  while (index < told.length) {
    const start = told[index]!;
    let end = index + 1;
    while (end < told.length && isAlike(start, told[end]!)) end++;
    // What comes after the last look is a line of its own.
    if (start.left !== undefined) while (told[end - 1]!.chatter !== null) end--;
    const text = textOf(told.slice(index, end));
    const at = timeText(start.at);
    lines.push({
      at: { ...at, text: clockText(start.at).text },
      text: shortText(text, MAX_TEXT_LENGTH),
      isRefused: start.isRefused,
    });
    index = end;
  }
  return lines;
}

function isAlike(one: Told, other: Told): boolean {
  if (one.isRefused !== other.isRefused) return false;
  // While a step is given time to end, it may well go on to say how far it is.
  return one.text === other.text || (one.left !== undefined && other.chatter !== null);
}

function textOf(group: Told[]): string {
  const { text, left } = group[0]!;
  if (text === null) return chatterText(group);
  return left === undefined ? repeatedText(text, group.length) : leftText(text, group);
}

/** "SIGTERM sent to step fit; after 9.1 s alive: python3 (pid 7)": one signal, however often it was looked what is left. */
function leftText(text: string, group: Told[]): string {
  const first = group[0]!;
  const last = group.at(-1)!;
  const after = last === first ? '' : `after ${durationText(elapsedMs(first.at, last.at))} `;
  const chatter = group.filter((each) => each.chatter !== null);
  const meanwhile = chatter.length === 0 ? '' : `; meanwhile ${chatterText(chatter)}`;
  return last.left === '' ? `${text}${meanwhile}` : `${text}; ${after}${last.left}${meanwhile}`;
}

function repeatedText(text: string, times: number): string {
  return times === 1 ? text : `${text} (${numberText(times)} times)`;
}

function chatterText(group: Told[]): string {
  const counts = new Map<Chatter, number>();
  for (const { chatter } of group) counts.set(chatter!, (counts.get(chatter!) ?? 0) + 1);
  const parts = [...counts].map(([chatter, count]) => {
    const [noun, ...rest] = chatter.split(' of ');
    const name = count === 1 ? chatter : [`${noun}s`, ...rest].join(' of ');
    return `${numberText(count)} ${name}`;
  });
  const last = parts.pop()!;
  return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`;
}
