import { type LogLevel, levelOf } from './log-level';

/** The level of a line, and what may follow it. */
export interface LevelState {
  level: LogLevel | null;
  /** `line` is an ordinary line with a level of its own; null is one without. */
  place: 'line' | 'stack' | 'python' | 'python-end' | 'node' | 'go' | 'rust' | null;
}

/** Returns a later line of the same step and stream; empty if it is not known. */
export type Following = (distance: number) => string;

export const NO_LEVEL: LevelState = { level: null, place: null };

/** Lines that belong to the line before them: indented ones, and the unindented lines of stack traces. */
const CONTINUATION =
  /^(?:[ \t]+\S|Caused by: |at \S|File ".{1,300}", line \d|\.\.\. \d+ (?:more|common frames))/;
/** Lines of a stack trace. Words in them, such as the name of a method, are no level. */
const TRACE = /^[ \t]*(?:Caused by: |at \S|File ".{1,300}", line \d|\.\.\. \d+ )/;
const BLANK = /^\s*$/;
const CLOSING = /^[\])}]+[,;]?$/;
/** The first frame of a trace in Java, Node.js and .NET. */
const FRAME = /^\s+at \S/;
/** Parts of one trace that an empty line divides. */
const AFTER_BLANK =
  /^(?:During handling of the above |The above exception was |Traceback \(most recent call last\)|goroutine \d+ \[|Node\.js v\d)/;
const PYTHON_END = /^[A-Za-z_][\w.]*(?:: |:?$)/;
const PYTHON_CHAIN = /^(?:During handling of the above |The above exception was )/;
const NODE_END = /^Node\.js v\d/;
const NODE_PLACE = /^(?:file:\/\/|node:|\/|[A-Za-z]:\\)\S*:\d+$/;
const NODE_CARET = /^\s*\^+$/;
const GO =
  /^(?:goroutine \d+ \[|goroutine running |created by \S|\[signal |exit status \d|\.\.\.additional frames|[\w./%~-]+\.[\w-]*\(.*\)$)/;
const RUST = /^(?:stack backtrace:|note: )/;
const STARTS: [RegExp, LevelState['place']][] = [
  [/^Traceback \(most recent call last\):/, 'python'],
  [/^(?:panic|fatal error): /, 'go'],
  [/^thread '.{1,200}' (?:\(\d+\) )?panicked at /, 'rust'],
];

/** One expression, because nine took more than half of the time of all levels. */
const CONTINUES = anyOf(
  CONTINUATION,
  BLANK,
  CLOSING,
  PYTHON_END,
  PYTHON_CHAIN,
  NODE_END,
  NODE_CARET,
  GO,
  RUST,
);
const FOLLOWED_BY = anyOf(FRAME, NODE_CARET, RUST);

function anyOf(...forms: RegExp[]): RegExp {
  return new RegExp(forms.map(({ source }) => source).join('|'));
}

/** Returns true if the level of a line may depend on the line before it, of the same step and stream. */
export function mayContinue(text: string, following: Following): boolean {
  return CONTINUES.test(text) || FOLLOWED_BY.test(following(1));
}

/** @param before the state of the line before; `NO_LEVEL` also if that line is unknown */
export function nextLevel(before: LevelState, text: string, following: Following): LevelState {
  const start = STARTS.find(([form]) => form.test(text));
  if (start) return { level: 'error', place: start[1] };
  // Node.js writes the place and the source of an uncaught error before the error.
  if (NODE_PLACE.test(text) && NODE_CARET.test(following(2))) return { level: 'error', place: 'node' };
  const own = levelOf(text);
  const place = before.level === null ? null : continued(before.place, text, following);
  if (place !== null) return { level: own === 'error' && !TRACE.test(text) ? 'error' : before.level, place };
  if (own === null && !BLANK.test(text) && FRAME.test(following(1))) {
    return { level: (before.place === 'line' ? before.level : null) ?? 'error', place: 'stack' };
  }
  return { level: own, place: own === null ? null : 'line' };
}

/** Returns the place of a line that continues the one before; null for one that does not. */
function continued(place: LevelState['place'], text: string, following: Following): LevelState['place'] {
  if (BLANK.test(text)) return place === 'node' || AFTER_BLANK.test(following(1)) ? place : null;
  if (CONTINUATION.test(text)) return place === 'line' ? 'stack' : place;
  switch (place) {
    case 'stack':
      return CLOSING.test(text) || NODE_END.test(text) ? place : null;
    case 'python':
      return PYTHON_END.test(text) ? 'python-end' : null;
    case 'python-end':
      return PYTHON_CHAIN.test(text) ? place : null;
    case 'node':
      if (FRAME.test(following(1))) return 'stack';
      return NODE_CARET.test(text) || NODE_CARET.test(following(1)) ? place : null;
    case 'go':
      return GO.test(text) ? place : null;
    case 'rust':
      return RUST.test(text) || RUST.test(following(1)) ? place : null;
    default:
      return null;
  }
}
