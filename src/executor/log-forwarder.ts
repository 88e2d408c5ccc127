import type { Logger } from '@nestjs/common';
import type { LogLineInput } from '../events/run-event';
import type { LogAnswer } from './control-plane';
import type { UnsentLogBudget } from './unsent-log-budget';

/** Overhead of a line in addition to its text: many empty lines fill memory too. */
const CHARACTERS_PER_LINE = 100;
const MAX_LINES_PER_APPEND = 5000;
const MAX_CHARACTERS_PER_APPEND = 1024 * 1024;

/** Milliseconds; tests use shorter ones. */
export interface LogPatience {
  retry: number;
  /** An append that takes longer counts as an outage, even if it has not failed. */
  stalled: number;
}

const PATIENCE: LogPatience = { retry: 1000, stalled: 10_000 };

/**
 * Stores log lines in order, in batches: the next batch fills while one append is in progress.
 *
 * Waiting lines are bounded. During normal operation, a faster step is slowed down by back-pressure. During an outage
 * it is not, because storage problems must not make a step fail. Lines beyond the bound are dropped, and one line in
 * their place gives their number.
 */
export class LogForwarder {
  private waiting: LogLineInput[] = [];
  private waitingCharacters = 0;
  private accepting = true;
  private sending: Promise<void> | null = null;
  /** The newest open line of each step and stream, until it is sent or finished. */
  private readonly open = new Map<string, LogLineInput>();
  /** Number of the first waiting line. */
  private nextNumber = 1;
  /** Lines that the server refused permanently and that are missing from the log. */
  refusedLines = 0;
  private isOutage = false;
  /** Placeholder at the end of the queue for the lines dropped after it. */
  private gap: { line: LogLineInput; dropped: number } | null = null;

  constructor(
    private readonly append: (lines: LogLineInput[], firstNumber: number) => Promise<LogAnswer>,
    private readonly logger: Logger,
    private readonly budget: UnsentLogBudget,
    private readonly patience: LogPatience = PATIENCE,
  ) {}

  add(lines: LogLineInput[]): void {
    // Beyond the log limit, lines are still read from the step, so that it does not block, but discarded here.
    if (!this.accepting || lines.length === 0) return;
    for (const line of lines) {
      this.open.delete(sourceOf(line));
      if (this.gap !== null) this.gap.dropped++;
      else if (this.isOutage && this.isFull()) this.openGap(line);
      else this.push(line);
    }
    this.sending ??= this.send();
  }

  /** Shows an unfinished line to readers, after all lines added before. It is not stored, and is dropped in an outage. */
  showOpen(line: LogLineInput): void {
    if (!this.accepting) return;
    this.open.set(sourceOf(line), line);
    this.sending ??= this.send();
  }

  /** Returns null if more lines may be added; otherwise a promise that resolves when they may. */
  waitForRoom(): Promise<void> | null {
    return this.mustWait() ? this.untilRoom() : null;
  }

  /** Discards waiting lines and stores no more: the lease is lost, or the log has reached its limit. */
  giveUp(): void {
    this.accepting = false;
    this.waiting = [];
    this.open.clear();
    this.gap = null;
    this.release(this.waitingCharacters);
  }

  /** Resolves when all added lines are durable or discarded. */
  async flushed(): Promise<void> {
    while (this.sending) await this.sending;
  }

  private push(line: LogLineInput): void {
    this.waiting.push(line);
    this.take(sizeOf(line));
  }

  private take(characters: number): void {
    this.waitingCharacters += characters;
    this.budget.take(characters);
  }

  private release(characters: number): void {
    this.waitingCharacters -= characters;
    this.budget.release(characters);
  }

  private isFull(): boolean {
    return this.budget.isUsedUp(this.waitingCharacters);
  }

  private mustWait(): boolean {
    return this.accepting && !this.isOutage && this.isFull();
  }

  private async untilRoom(): Promise<void> {
    while (this.mustWait()) await this.budget.changed();
  }

  private openGap({ at, step }: LogLineInput): void {
    const line: LogLineInput = { at, stream: 'system', step, text: '' };
    this.push(line);
    this.gap = { line, dropped: 1 };
  }

  private closeGap(): void {
    if (this.gap === null) return;
    const { line, dropped } = this.gap;
    this.gap = null;
    line.text = `${dropped} lines are missing here, because the log could not be stored and the memory limit was reached.`;
    this.take(line.text.length);
  }

  private async send(): Promise<void> {
    // Wait one turn of the event loop, so that the lines of one read form one batch.
    await new Promise((next) => setImmediate(next));
    while (this.waiting.length > 0 || this.open.size > 0) {
      const batch = this.takeBatch();
      if (batch.length === 0) {
        await this.sendOpen();
        continue;
      }
      await this.appendUntilStored(batch);
      if (this.accepting) this.release(batch.reduce((characters, line) => characters + sizeOf(line), 0));
    }
    this.sending = null;
  }

  /** Sends open lines once: a later one replaces them, so they are not worth a retry. */
  private async sendOpen(): Promise<void> {
    const lines = [...this.open.values()];
    this.open.clear();
    const stalled = setTimeout(() => this.beginOutage('no response'), this.patience.stalled);
    try {
      const { accepting } = await this.append(lines, this.nextNumber);
      this.endOutage();
      if (!accepting) this.giveUp();
    } catch {
      // Finished lines report the outage.
    } finally {
      clearTimeout(stalled);
    }
  }

  private takeBatch(): LogLineInput[] {
    let characters = 0;
    let count = 0;
    while (
      count < this.waiting.length &&
      count < MAX_LINES_PER_APPEND &&
      characters < MAX_CHARACTERS_PER_APPEND
    ) {
      characters += sizeOf(this.waiting[count++]!);
    }
    return this.waiting.splice(0, count);
  }

  private async appendUntilStored(batch: LogLineInput[]): Promise<void> {
    const firstNumber = this.nextNumber;
    this.nextNumber += batch.length;
    for (;;) {
      const stalled = setTimeout(() => this.beginOutage('no response'), this.patience.stalled);
      try {
        const { accepting, refused } = await this.append(batch, firstNumber);
        this.endOutage();
        if (refused) this.noteRefused(refused);
        if (!accepting) this.giveUp();
        return;
      } catch (error) {
        if (!this.accepting) return;
        this.beginOutage(String(error));
        await new Promise((resolve) => setTimeout(resolve, this.patience.retry));
      } finally {
        clearTimeout(stalled);
      }
    }
  }

  /** Adds a visible line for the first refusal only, because the server may refuse that line too. */
  private noteRefused({ lines, reason }: NonNullable<LogAnswer['refused']>): void {
    const isFirst = this.refusedLines === 0;
    this.refusedLines += lines;
    this.logger.error(`The server refused ${lines} log lines: ${reason}`);
    if (isFirst) this.add([{ stream: 'system', text: `Log lines are missing here: ${reason}` }]);
  }

  private beginOutage(why: string): void {
    if (this.isOutage) return;
    this.logger.error(`Storing log lines failed, retrying: ${why}`);
    this.isOutage = true;
    this.budget.wake();
  }

  private endOutage(): void {
    this.isOutage = false;
    this.closeGap();
  }
}

function sourceOf({ stream, step }: LogLineInput): string {
  return `${stream} ${step}`;
}

function sizeOf({ text }: LogLineInput): number {
  return text.length + CHARACTERS_PER_LINE;
}
