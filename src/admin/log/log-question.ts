import { type LogLevel, levelOf } from '../../logs/log-level';
import { textOrNull } from '../page/page-answer';

export const LEVELS = ['all', 'warnings', 'errors'] as const;
export type LevelFilter = (typeof LEVELS)[number];

/** Which lines are asked for, and what is marked in them. */
export interface LogFilter {
  /** 'warnings' are warnings and what is worse. */
  level: LevelFilter;
  /** A text that is in the line, in whatever case; empty for none. */
  q: string;
  /** A text that is marked in lines that need not have it, for who comes to them from a search; empty for none. */
  mark: string;
}

/** From where: lines up to `to`, lines from `from` on, or what is new after `after`; the end where none is given. */
export interface LogQuestion extends LogFilter {
  to: number | null;
  from: number | null;
  after: number | null;
}

const MAX_SEARCH = 200;

export function logQuestion(query: Record<string, unknown>): LogQuestion {
  return {
    to: lineNumber(query.to),
    from: lineNumber(query.from),
    after: query.after === '0' ? 0 : lineNumber(query.after),
    level: LEVELS.find((level) => level === query.level) ?? 'all',
    q: searchText(query.q),
    mark: searchText(query.mark),
  };
}

function searchText(value: unknown): string {
  return (textOrNull(value) ?? '').trim().slice(0, MAX_SEARCH);
}

export function isFiltered({ level, q }: LogFilter): boolean {
  return level !== 'all' || q !== '';
}

/** Of the whole log as it is now, not of a part of it. */
export function isOfEnd({ to, from, after }: LogQuestion): boolean {
  return to === null && from === null && after === null;
}

/** Whether a line, as it is read, is asked for. */
export function lineTest({ level, q }: LogFilter): (text: string) => boolean {
  const pattern = searchPattern(q);
  const wanted: (LogLevel | null)[] = level === 'errors' ? ['error'] : ['error', 'warning'];
  return (text) =>
    (pattern === null || text.search(pattern) >= 0) && (level === 'all' || wanted.includes(levelOf(text)));
}

/** What was searched for, here or on the page before. */
export function markedText({ q, mark }: Pick<LogFilter, 'q' | 'mark'>): string {
  return q === '' ? mark : q;
}

export function searchPattern(text: string): RegExp | null {
  return text === '' ? null : new RegExp(text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'gi');
}

/** The rest of an address: the filter first, then where in the log. */
export function logAddress(filter: LogFilter, place: Record<string, number> = {}): string {
  const query = new URLSearchParams();
  if (filter.level !== 'all') query.set('level', filter.level);
  if (filter.q !== '') query.set('q', filter.q);
  if (filter.mark !== '') query.set('mark', filter.mark);
  for (const [name, seq] of Object.entries(place)) query.set(name, String(seq));
  return query.size === 0 ? '' : `?${query.toString()}`;
}

function lineNumber(value: unknown): number | null {
  const text = textOrNull(value);
  return text !== null && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}
