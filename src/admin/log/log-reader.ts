import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { LogChunk } from '../../logs/log-chunk';
import { LogStore } from '../../logs/log-store';
import { LogTail } from '../../logs/log-tail';
import type { LogLine } from '../../logs/log-line';
import { numberText } from '../words/number-text';
import { GatheredLines, WINDOW_LINES } from './gathered-lines';
import { isFiltered, type LevelFilter, type LogFilter, type LogQuestion, markedText } from './log-question';
import { LineLevels, needsLinesBefore } from './line-levels';
import { MatchList } from './match-list';
import {
  lineHref,
  logLinks,
  type LogLinks,
  type LogReading,
  type LogRun,
  logWindow,
  type LogWindow,
  type StepLink,
  stepLinks,
} from './log-window';

/** The parts of the page around the lines, without the links to other lines. */
interface LogSurroundings {
  steps: StepLink[];
  level: LevelFilter;
  isLevelFiltered: boolean;
  /** The text of the search field. */
  searchText: string;
  found: { count: string; from: string; to: string };
  /** True if there are lines before or after the part that was searched. */
  isPart: boolean;
}

/** Where a search finds its text. */
export interface LogMatches {
  lines: MatchList['lines'];
  /** The last line searched. */
  to: number;
  /** True if that is the last line of the log. */
  isWhole: boolean;
}

/**
 * Reads the parts of a log that pages show. Reads chunk by chunk from the requested end, and no more than is shown
 * or scanned. Yields to the event loop before each chunk, so that other requests are not blocked.
 */
@Injectable()
export class LogReader {
  constructor(
    private readonly store: LogStore,
    private readonly tail: LogTail,
  ) {}

  async window(runId: string, question: LogQuestion, run: LogRun): Promise<LogWindow> {
    const reading = await this.read(runId, question);
    return logWindow(runId, reading, question, run, (await this.store.stepStarts(runId)).length);
  }

  /** Returns a part of the log with its surroundings on the page. */
  async page(
    runId: string,
    question: LogQuestion,
    run: LogRun,
  ): Promise<LogWindow & LogLinks & LogSurroundings> {
    const window = await this.window(runId, question, run);
    const { level } = question;
    return {
      ...window,
      ...logLinks(runId, window, question),
      steps: await this.steps(runId),
      level,
      isLevelFiltered: level !== 'all',
      searchText: markedText(question),
      found: { count: numberText(window.count), from: numberText(window.from), to: numberText(window.to) },
      isPart: window.from > 1 || !window.isLatest,
    };
  }

  /**
   * Returns the matches of a search behind line `after`, as far as one request scans.
   * @param known the number of matches up to that line
   */
  async matches(runId: string, filter: LogFilter, after: number, known: number): Promise<LogMatches> {
    const lastSeq = await this.store.lastSeq(runId);
    const list = new MatchList({ ...filter, q: markedText(filter) }, known);
    await this.scan(runId, after, lastSeq, list);
    return { lines: list.lines, to: list.lastSeen ?? after, isWhole: (list.lastSeen ?? after) >= lastSeq };
  }

  /** Returns links to the start of each step. */
  async steps(runId: string): Promise<StepLink[]> {
    return stepLinks(runId, await this.store.stepStarts(runId));
  }

  /**
   * Returns the link to the start of a step in the latest attempt at the run; null if the step wrote nothing.
   * @param stepAttempt the attempt at the step; null for the latest one
   */
  async hrefOfStep(runId: string, step: string, stepAttempt: number | null): Promise<string | null> {
    const start = (await this.store.stepStarts(runId)).findLast(
      (each) => each.step === step && (stepAttempt === null || (each.stepAttempt ?? 1) === stepAttempt),
    );
    return start === undefined ? null : lineHref(runId, start.seq);
  }

  private async read(runId: string, question: LogQuestion): Promise<LogReading> {
    const lastSeq = await this.store.lastSeq(runId);
    const { from, after } = question;
    if (from !== null) return this.forwards(runId, Math.min(from, lastSeq + 1), lastSeq, question);
    if (after === null)
      return this.backwards(runId, Math.min(question.to ?? lastSeq, lastSeq), lastSeq, question);
    if (isFiltered(question)) return this.forwards(runId, after + 1, lastSeq, question);
    return this.whatIsNew(runId, after, lastSeq, question);
  }

  /** Returns the current end of the log to a client that is far behind, instead of all lines that it missed. */
  private async whatIsNew(
    runId: string,
    after: number,
    lastSeq: number,
    question: LogQuestion,
  ): Promise<LogReading> {
    if (lastSeq - after <= WINDOW_LINES) {
      // All followers request the same lines, so the tail reads them once for all.
      const next = (seq: number) => this.tail.readAfter(runId, seq);
      const reading = await this.forwards(runId, after + 1, lastSeq, question, next);
      if (reading.to >= lastSeq) return reading;
    }
    return this.backwards(runId, lastSeq, lastSeq, question);
  }

  private async forwards(
    runId: string,
    from: number,
    lastSeq: number,
    filter: LogFilter,
    readAfter?: (seq: number) => Promise<LogChunk | null>,
  ): Promise<LogReading> {
    const gathered = new GatheredLines(filter);
    await this.scan(runId, from - 1, lastSeq, gathered, readAfter);
    return { lines: gathered.lines, from, to: gathered.lastSeen ?? from - 1, lastSeq };
  }

  /** Passes the lines behind `after` to `taker` until it has enough. */
  private async scan(
    runId: string,
    after: number,
    lastSeq: number,
    taker: GatheredLines | MatchList,
    readAfter: (seq: number) => Promise<LogChunk | null> = (seq) => this.store.readAfter(runId, seq),
  ): Promise<void> {
    let to = after;
    let before: readonly LogLine[] | null = null;
    while (to < lastSeq && !taker.isEnough) {
      await setImmediate();
      const chunk = await readAfter(to);
      if (!chunk) break;
      const lines = chunk.after(to);
      const levels = new LineLevels(lines, before ?? (await this.linesBefore(runId, lines)));
      for (const [index, line] of lines.entries()) {
        if (line.seq > lastSeq || taker.isEnough) break;
        taker.take(line, () => levels.of(index));
      }
      before = lines;
      to = taker.lastSeen ?? to;
    }
  }

  private async backwards(
    runId: string,
    to: number,
    lastSeq: number,
    filter: LogFilter,
  ): Promise<LogReading> {
    const gathered = new GatheredLines(filter);
    let from = to + 1;
    while (from > 1 && !gathered.isEnough) {
      await setImmediate();
      const chunk = await this.store.readTo(runId, from - 1);
      if (!chunk) break;
      const { lines } = chunk;
      const levels = new LineLevels(lines, await this.linesBefore(runId, lines));
      for (let index = lines.length - 1; index >= 0 && !gathered.isEnough; index--) {
        const line = lines[index]!;
        if (line.seq < from) gathered.take(line, () => levels.of(index));
      }
      from = gathered.lastSeen ?? from;
    }
    return { lines: gathered.lines.reverse(), from, to, lastSeq };
  }

  /** Returns lines directly before these, if the level of one of these depends on them. */
  private async linesBefore(runId: string, lines: readonly LogLine[]): Promise<readonly LogLine[]> {
    const first = lines[0]?.seq ?? 1;
    if (first === 1 || !needsLinesBefore(lines)) return [];
    const chunk = await this.store.readTo(runId, first - 1);
    return chunk?.lines.filter(({ seq }) => seq < first) ?? [];
  }
}
