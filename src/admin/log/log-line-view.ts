import type { LogLevel } from '../../logs/log-level';
import type { LogLine } from '../../logs/log-line';
import { plainText } from '../../logs/plain-text';
import { ansiSegments, type Segment } from './ansi-text';
import { clockText, type TimeText } from '../words/time-text';
import { type LineRange, rangeName } from './line-range';

export interface LogPiece extends Segment {
  /** True for searched text. */
  isHit: boolean;
  /** True for the rest of a hit in which the style changes. */
  isContinued: boolean;
}

export interface LogLineView {
  seq: number;
  at: TimeText;
  /** The target of the line number: the line itself, or with a filter its place in the whole log. */
  href: string;
  /** The step that wrote the line, where lines of several steps are mixed. */
  step: string | null;
  isStderr: boolean;
  isSystem: boolean;
  isError: boolean;
  isWarning: boolean;
  /** True for a line that the address names. */
  isLinked: boolean;
  /** The id for links to a range that begins with this line; null for any other line. */
  rangeId: string | null;
  /** Null if `pieces` has styles or hits. */
  text: string | null;
  pieces: LogPiece[] | null;
}

/** The maximum number of marked hits in a line; readers do not step through more. */
export const MAX_HITS = 100;

/** A line with its level, which may be that of the line before it. */
export type LevelledLine = LogLine & { level: LogLevel | null };

/** @param timeOf returns the text of a time; callers cache it, because neighbouring lines often share their time */
export function logLineView(
  { seq, at, stream, step, level, text: raw }: LevelledLine,
  pattern: RegExp | null,
  href: (seq: number) => string,
  timeOf: (at: string) => TimeText = clockText,
  isMixed = false,
  linked: LineRange | null = null,
): LogLineView {
  const text = plainText(raw);
  const pieces = withHits(ansiSegments(raw), text, pattern);
  const isBare = pieces.length === 0 || (pieces.length === 1 && !pieces[0]!.classes && !pieces[0]!.isHit);
  return {
    seq,
    at: timeOf(at),
    href: href(seq),
    step: isMixed ? step : null,
    isStderr: stream === 'stderr',
    isSystem: stream === 'system',
    isError: level === 'error',
    isWarning: level === 'warning',
    isLinked: linked !== null && seq >= linked.first && seq <= linked.last,
    rangeId: linked?.first === seq && linked.last > seq ? rangeName(linked) : null,
    text: isBare ? text : null,
    pieces: isBare ? null : pieces,
  };
}

/** Searches the visible text, so that a colour change within a word does not prevent a hit. */
function withHits(segments: Segment[], text: string, pattern: RegExp | null): LogPiece[] {
  const hits = pattern === null ? [] : hitsIn(text, pattern);
  if (hits.length === 0) return segments.map((segment) => ({ ...segment, isHit: false, isContinued: false }));
  const pieces: LogPiece[] = [];
  let start = 0;
  let next = 0;
  for (const { text: whole, classes } of segments) {
    const end = start + whole.length;
    let at = start;
    while (at < end) {
      while (next < hits.length && hits[next]!.end <= at) next++;
      const hit = hits[next];
      const isHit = hit !== undefined && hit.start <= at;
      const until = hit === undefined ? end : Math.min(end, isHit ? hit.end : hit.start);
      const isContinued = isHit && hit.start < at;
      pieces.push({ text: whole.slice(at - start, until - start), classes, isHit, isContinued });
      at = until;
    }
    start = end;
  }
  return pieces;
}

function hitsIn(text: string, pattern: RegExp): { start: number; end: number }[] {
  const hits: { start: number; end: number }[] = [];
  for (const { index, 0: found } of text.matchAll(pattern)) {
    hits.push({ start: index, end: index + found.length });
    if (hits.length === MAX_HITS) break;
  }
  return hits;
}
