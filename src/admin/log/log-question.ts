import type { LogLevel } from '../../logs/log-level';
import { textOrNull } from '../page/form-answers';
import { type LineRange, lineRange } from './line-range';

export const LEVELS = ['all', 'warnings', 'errors'] as const;
export type LevelFilter = (typeof LEVELS)[number];

/** The filter for lines, and the text marked in them. */
export interface LogFilter {
  /** 'warnings' includes errors. */
  level: LevelFilter;
  /** Text that the line contains, ignoring case; empty for none. */
  q: string;
  /** The step that wrote the line; null for all steps. */
  only: string | null;
  /** Text marked in lines that need not contain it, for readers who come from a search; empty for none. */
  mark: string;
}

/**
 * The range: lines up to `to`, from `from` on, or new lines after `after`. Without any of them, the end of the log.
 */
export interface LogQuestion extends LogFilter {
  to: number | null;
  from: number | null;
  after: number | null;
  /** The lines that a link leads to; without another range, the part of the log has them. */
  lines: LineRange | null;
}

const MAX_SEARCH = 200;
const MAX_STEP_NAME = 200;

/** Lines shown before a linked line, for context. */
const LINES_BEFORE = 20;

export function logQuestion(query: Record<string, unknown>): LogQuestion {
  const lines = lineRange(textOrNull(query.lines) ?? '');
  const to = lineNumber(query.to);
  const after = query.after === '0' ? 0 : lineNumber(query.after);
  const from = lineNumber(query.from);
  return {
    to,
    from: from ?? (lines !== null && to === null && after === null ? startBefore(lines.first) : null),
    after,
    lines,
    level: LEVELS.find((level) => level === query.level) ?? 'all',
    q: searchText(query.q),
    only: textOrNull(query.only)?.slice(0, MAX_STEP_NAME) ?? null,
    mark: searchText(query.mark),
  };
}

/** Returns the first line of a part of the log that shows this line. */
export function startBefore(seq: number): number {
  return Math.max(1, seq - LINES_BEFORE);
}

function searchText(value: unknown): string {
  return (textOrNull(value) ?? '').trim().slice(0, MAX_SEARCH);
}

export function isFiltered({ level, q, only }: LogFilter): boolean {
  return level !== 'all' || q !== '' || only !== null;
}

/** Returns true for a request without a range, which gets the current end of the log. */
export function isOfEnd({ to, from, after }: LogQuestion): boolean {
  return to === null && from === null && after === null;
}

/** Returns a test of whether a line passes the filter, by its step, its visible text and its level. */
export function lineTest({
  level,
  q,
  only,
}: LogFilter): (line: { step: string | null; text: string; level: () => LogLevel | null }) => boolean {
  const pattern = searchPattern(q);
  const wanted: (LogLevel | null)[] = level === 'errors' ? ['error'] : ['error', 'warning'];
  return ({ step, text, level: levelOf }) =>
    (only === null || step === only) &&
    (pattern === null || text.search(pattern) >= 0) &&
    (level === 'all' || wanted.includes(levelOf()));
}

/** Returns the text searched for, on this page or the previous one. */
export function markedText({ q, mark }: Pick<LogFilter, 'q' | 'mark'>): string {
  return q === '' ? mark : q;
}

export function searchPattern(text: string): RegExp | null {
  return text === '' ? null : new RegExp(text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'gi');
}

/** Returns the query string: first the filter, then the range. */
export function logAddress(filter: LogFilter, place: Record<string, number> = {}): string {
  const query = new URLSearchParams();
  if (filter.level !== 'all') query.set('level', filter.level);
  if (filter.q !== '') query.set('q', filter.q);
  if (filter.only !== null) query.set('only', filter.only);
  if (filter.mark !== '') query.set('mark', filter.mark);
  for (const [name, seq] of Object.entries(place)) query.set(name, String(seq));
  return query.size === 0 ? '' : `?${query.toString()}`;
}

function lineNumber(value: unknown): number | null {
  const text = textOrNull(value);
  return text !== null && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}
