import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { LogLine } from '../logs/log-line';
import { LogStore } from '../logs/log-store';
import { LogTail } from '../logs/log-tail';
import { plainText } from './ansi-text';
import { isFiltered, lineTest, type LogFilter, type LogQuestion } from './log-question';
import { lineHref, logLinks, type LogLinks, type LogReading, logWindow, type LogWindow } from './log-window';

/** As many lines as a page shows at first, and as much text: lines may be long. */
const WINDOW_LINES = 1000;
const WINDOW_CHARACTERS = 512 * 1024;
/** What one request looks through in a search; where it stopped is said, and the next one goes on from there. */
const SCAN_LINES = 50_000;
const SCAN_CHARACTERS = 8 * 1024 * 1024;
const SCAN_STEP = 2000;

/** Reads the parts of a log that pages show. No part is larger than the limits above, however long the log is. */
@Injectable()
export class LogReader {
  constructor(
    private readonly store: LogStore,
    private readonly tail: LogTail,
  ) {}

  async window(runId: string, question: LogQuestion, isActive: boolean): Promise<LogWindow> {
    return logWindow(runId, await this.read(runId, question), question, isActive);
  }

  /** With what surrounds it on the page. */
  async page(
    runId: string,
    question: LogQuestion,
    isActive: boolean,
  ): Promise<LogWindow & LogLinks & LogFilter & { isLevelFiltered: boolean }> {
    const window = await this.window(runId, question, isActive);
    const links = logLinks(runId, window, question, await this.store.stepStarts(runId));
    const { level, q } = question;
    return { ...window, ...links, level, q, isLevelFiltered: level !== 'all' };
  }

  /** Where a step begins, in the latest attempt that got to it; null where it wrote nothing. */
  async hrefOfStep(runId: string, step: string): Promise<string | null> {
    const start = (await this.store.stepStarts(runId)).findLast((each) => each.step === step);
    return start === undefined ? null : lineHref(runId, start.seq);
  }

  private async read(runId: string, question: LogQuestion): Promise<LogReading> {
    const lastSeq = await this.store.lastSeq(runId);
    const { from, after } = question;
    const begin = from !== null ? Math.min(from, lastSeq + 1) : after !== null ? after + 1 : null;
    const end = Math.min(question.to ?? lastSeq, lastSeq);
    if (isFiltered(question)) {
      return begin === null
        ? this.searchBackwards(runId, end, lastSeq, question)
        : this.searchForwards(runId, begin, lastSeq, question);
    }
    // What is new is read from its end: whoever was away for long sees what is there now, and not a flood.
    if (from !== null) return this.linesFrom(runId, begin!, lastSeq);
    return this.linesTo(runId, Math.max(begin ?? 1, end - WINDOW_LINES + 1), end, lastSeq);
  }

  private async linesTo(runId: string, from: number, to: number, lastSeq: number): Promise<LogReading> {
    const lines = await this.between(runId, from, to);
    const fitting = thatFit(lines.reverse()).reverse();
    return { lines: fitting, from: fitting[0]?.seq ?? from, to: fitting.at(-1)?.seq ?? to, lastSeq };
  }

  private async linesFrom(runId: string, from: number, lastSeq: number): Promise<LogReading> {
    const lines = thatFit(await this.between(runId, from, Math.min(from + WINDOW_LINES - 1, lastSeq)));
    return { lines, from, to: lines.at(-1)?.seq ?? from - 1, lastSeq };
  }

  private async between(runId: string, from: number, to: number): Promise<LogLine[]> {
    const lines: LogLine[] = [];
    let seq = from - 1;
    while (seq < to) {
      const chunk = await this.tail.readAfter(runId, seq);
      if (!chunk) break;
      for (const line of chunk.after(seq)) if (line.seq <= to) lines.push(line);
      seq = chunk.lastSeq;
    }
    return lines;
  }

  private async searchBackwards(
    runId: string,
    to: number,
    lastSeq: number,
    filter: LogFilter,
  ): Promise<LogReading> {
    const search = new Search(filter);
    let from = to + 1;
    while (from > 1 && search.goesOn) {
      const step = Math.max(1, from - SCAN_STEP);
      const lines = await this.scanned(runId, step, from - 1);
      from = search.takeBackwards(lines) ?? step;
    }
    return { lines: search.found.reverse(), from, to, lastSeq };
  }

  private async searchForwards(
    runId: string,
    from: number,
    lastSeq: number,
    filter: LogFilter,
  ): Promise<LogReading> {
    const search = new Search(filter);
    let to = from - 1;
    while (to < lastSeq && search.goesOn) {
      const step = Math.min(lastSeq, to + SCAN_STEP);
      const lines = await this.scanned(runId, to + 1, step);
      to = search.takeForwards(lines) ?? step;
    }
    return { lines: search.found, from, to, lastSeq };
  }

  /** Past the cache, which is for those who follow; and with a pause, so that a search keeps nobody waiting. */
  private async scanned(runId: string, from: number, to: number): Promise<LogLine[]> {
    await setImmediate();
    const lines: LogLine[] = [];
    let seq = from - 1;
    while (seq < to) {
      const chunk = await this.store.readAfter(runId, seq);
      if (!chunk) break;
      for (const line of chunk.after(seq)) if (line.seq <= to) lines.push(line);
      seq = chunk.lastSeq;
    }
    return lines;
  }
}

/** Takes lines in either direction until it has found, or looked through, as much as one answer may hold. */
class Search {
  readonly found: LogLine[] = [];
  private readonly matches: (text: string) => boolean;
  private foundCharacters = 0;
  private scannedLines = 0;
  private scannedCharacters = 0;

  constructor(filter: LogFilter) {
    this.matches = lineTest(filter);
  }

  get goesOn(): boolean {
    return (
      this.found.length < WINDOW_LINES &&
      this.foundCharacters < WINDOW_CHARACTERS &&
      this.scannedLines < SCAN_LINES &&
      this.scannedCharacters < SCAN_CHARACTERS
    );
  }

  /** @returns the line at which it had enough; null if it looked through all of them */
  takeForwards(lines: LogLine[]): number | null {
    for (const line of lines) {
      this.scannedLines++;
      this.scannedCharacters += line.text.length;
      if (this.matches(plainText(line.text))) {
        this.found.push(line);
        this.foundCharacters += line.text.length;
      }
      if (!this.goesOn) return line.seq;
    }
    return null;
  }

  takeBackwards(lines: LogLine[]): number | null {
    return this.takeForwards(lines.reverse());
  }
}

/** The first of them, in the order given; one in any case. */
function thatFit(lines: LogLine[]): LogLine[] {
  let characters = 0;
  const end = lines.findIndex(({ text }) => (characters += text.length) > WINDOW_CHARACTERS);
  return end < 0 ? lines : lines.slice(0, Math.max(1, end));
}
