import type { LogLevel } from '../../logs/log-level';
import type { LogLine } from '../../logs/log-line';
import { plainText } from '../../logs/plain-text';
import { MAX_STYLES } from './ansi-text';
import { type LevelledLine, MAX_HITS } from './log-line-view';
import { isFiltered, lineTest, type LogFilter, markedText, searchPattern } from './log-question';

/** The maximum of lines and characters in one part of the log; single lines may be long. */
export const WINDOW_LINES = 1000;
const WINDOW_CHARACTERS = 512 * 1024;
/** The markup of one style or hit, in characters. A line may have more markup than text. */
const MARKUP_CHARACTERS = 32;
/**
 * The maximum that one search request scans. The response contains where it stopped, and the next request continues
 * there.
 */
const SCAN_LINES = 100_000;
const SCAN_CHARACTERS = 8 * 1024 * 1024;

/** Collects lines in either direction until the limits of one response are reached. */
export class GatheredLines {
  /** In the order received. At least one line, however long it is. */
  readonly lines: LevelledLine[] = [];
  /** The last line scanned; null before the first. */
  lastSeen: number | null = null;
  isEnough = false;
  /** Null if every line matches. */
  private readonly matches: ReturnType<typeof lineTest> | null;
  private readonly pattern: RegExp | null;
  private characters = 0;
  private scannedLines = 0;
  private scannedCharacters = 0;

  constructor(filter: LogFilter) {
    this.matches = isFiltered(filter) ? lineTest(filter) : null;
    this.pattern = searchPattern(markedText(filter));
  }

  /** @param level is called only if needed */
  take(line: LogLine, level: () => LogLevel | null): void {
    if (this.matches === null || this.matches({ step: line.step, text: plainText(line.text), level })) {
      const characters = this.charactersOf(line.text);
      this.isEnough = this.lines.length > 0 && this.characters + characters > WINDOW_CHARACTERS;
      if (this.isEnough) return;
      this.lines.push({ ...line, level: level() });
      this.characters += characters;
    }
    this.lastSeen = line.seq;
    this.scannedLines++;
    this.scannedCharacters += line.text.length;
    this.isEnough =
      this.lines.length >= WINDOW_LINES ||
      this.scannedLines >= SCAN_LINES ||
      this.scannedCharacters >= SCAN_CHARACTERS;
  }

  private charactersOf(raw: string): number {
    const styles = raw.split('\x1b').length - 1;
    const hits = this.pattern === null ? 0 : (plainText(raw).match(this.pattern)?.length ?? 0);
    return raw.length + MARKUP_CHARACTERS * (Math.min(styles, MAX_STYLES) + Math.min(hits, MAX_HITS));
  }
}
