/** The level in the text of a line. Most lines have none. */
export type LogLevel = 'error' | 'warning';

/** Characters of a line to search: a level is near the start, and lines may be long. */
const FIELDS_WITHIN = 600;
const WORDS_WITHIN = 160;

/**
 * `"level":"error"`, `"level":50`, `level=warn`, `severity: ERROR`: a field is the most reliable form, so it is
 * checked first.
 */
const FIELD =
  /(?<![\w.-])["']?(?:log\.level|loglevel|level|levelname|lvl|severity)["']?\s?[:=]\s?["']?([a-z]+|\d\d)\b/i;

/** The first match in a line decides, so that "INFO retrying after ERROR 500" is no error. */
const WORDS = [
  // [warn] (error) <info>, in any case
  /[[(<](trace|debug|info|notice|warn(?:ing)?|err(?:or)?|fatal|crit(?:ical)?|severe|panic|alert|emerg)[\])>]/i,
  // ERROR as a separate word in capitals; npm ERR!
  /(?<![\w.=/-])(TRACE|DEBUG|INF|INFO|NOTICE|WRN|WARN|WARNING|ERR|ERROR|FTL|FATAL|CRITICAL|SEVERE|PANIC)(?![\w./=-])/,
  // error: … main.c:3:5: warning: … error[E0382]: … error TS2304: …
  /(?<![\w.=/-])(fatal|error|panic|warn|warning)(?: error)?(?:\[\w+\]| TS\d+)?:(?= |$)/i,
  // ValueError: … java.io.IOException: … DeprecationWarning: …
  /(?<=[A-Za-z])(Error|Exception|Warning)(?: \[\w+\])?:(?= |$)/,
  /^npm (warn|error)(?= )/,
];

/** Symbols that tools print instead of a word, and the stack lines below an error. */
const ERROR_SHAPE =
  /^\s*(?:[✖✗✘✕❌⨯]|Traceback \(most recent call last\)|Exception in thread |Caused by: |[EF]\d{4} \d\d:\d\d)|^\s+(?:File ".{1,300}", line \d+|at \S.{0,300}:\d+\)?$)/u;
const WARNING_SHAPE = /^\s*(?:⚠|W\d{4} \d\d:\d\d)/u;

const ERROR_WORD = /^(?:err|error|exception|fatal|ftl|critical|crit|severe|panic|alert|emerg|emergency)$/;
const WARNING_WORD = /^(?:warn|warning|wrn)$/;

/**
 * Returns the level of a line, in one of the usual formats. Does not count stderr as an error, because many programs
 * use it for other messages.
 */
export function levelOf(text: string): LogLevel | null {
  const field = FIELD.exec(text.length > FIELDS_WITHIN ? text.slice(0, FIELDS_WITHIN) : text);
  if (field) return levelOfWord(field[1]!);
  const head = text.length > WORDS_WITHIN ? text.slice(0, WORDS_WITHIN) : text;
  let first: RegExpExecArray | null = null;
  for (const form of WORDS) {
    const found = form.exec(head);
    if (found && (first === null || found.index < first.index)) first = found;
  }
  if (first) return levelOfWord(first[1]!);
  if (ERROR_SHAPE.test(head)) return 'error';
  return WARNING_SHAPE.test(head) ? 'warning' : null;
}

/** Maps a word or a number to a level. Numbers are those of pino and bunyan: 40 is a warning, 50 an error, 60 fatal. */
function levelOfWord(word: string): LogLevel | null {
  const number = Number(word);
  if (number >= 50) return 'error';
  if (number >= 40) return 'warning';
  const lower = word.toLowerCase();
  if (ERROR_WORD.test(lower)) return 'error';
  return WARNING_WORD.test(lower) ? 'warning' : null;
}
