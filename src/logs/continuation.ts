import { type LogLevel, levelOf } from './log-level';

/** Lines that belong to the line before them: indented ones, and the unindented lines of stack traces. */
const CONTINUATION =
  /^(?:[ \t]+\S|Caused by: |at \S|File ".{1,300}", line \d|\.\.\. \d+ (?:more|common frames))/;
/** Lines of a stack trace. Words in them, such as the name of a method, are no level. */
const TRACE = /^[ \t]*(?:Caused by: |at \S|File ".{1,300}", line \d|\.\.\. \d+ )/;

/** Returns true for a line that takes the level of the line before it, of the same step and stream. */
export function isContinuation(text: string): boolean {
  return CONTINUATION.test(text);
}

/** @param before the level of the line before; null also if that line is unknown */
export function continuedLevel(text: string, before: LogLevel | null): LogLevel | null {
  const own = levelOf(text);
  if (before === null || !isContinuation(text)) return own;
  return own === 'error' && !TRACE.test(text) ? 'error' : before;
}
