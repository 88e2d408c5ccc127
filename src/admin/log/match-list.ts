import type { LogLevel } from '../../logs/log-level';
import type { LogLine } from '../../logs/log-line';
import { plainText } from '../../logs/plain-text';
import { MAX_HITS } from './log-line-view';
import { lineTest, type LogFilter, searchPattern } from './log-question';

/** The matches that readers step through; further ones are not counted. */
export const MAX_MATCHES = 1000;
/** The maximum that one request scans. The next one continues behind it. */
const SCAN_LINES = 100_000;
const SCAN_CHARACTERS = 8 * 1024 * 1024;

/** Collects where a text occurs in the log, from its first line on. */
export class MatchList {
  /** Line numbers with the number of matches in the line, which is the number of marks on the page. */
  readonly lines: [seq: number, count: number][] = [];
  /** The last line scanned; null before the first. */
  lastSeen: number | null = null;
  isEnough = false;
  private readonly matches: ReturnType<typeof lineTest>;
  private readonly pattern: RegExp;
  private count: number;
  private scannedLines = 0;
  private scannedCharacters = 0;

  /**
   * @param filter has a text to search
   * @param known the number of matches before these lines
   */
  constructor(filter: LogFilter, known: number) {
    this.matches = lineTest(filter);
    this.pattern = searchPattern(filter.q)!;
    this.count = known;
  }

  /** @param level is called only if needed */
  take(line: LogLine, level: () => LogLevel | null): void {
    const text = plainText(line.text);
    if (this.matches({ step: line.step, text, level })) {
      const count = Math.min(MAX_HITS, MAX_MATCHES - this.count, text.match(this.pattern)?.length ?? 0);
      this.lines.push([line.seq, count]);
      this.count += count;
    }
    this.lastSeen = line.seq;
    this.scannedLines++;
    this.scannedCharacters += text.length;
    this.isEnough =
      this.count >= MAX_MATCHES ||
      this.scannedLines >= SCAN_LINES ||
      this.scannedCharacters >= SCAN_CHARACTERS;
  }
}
