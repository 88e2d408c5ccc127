import type { Logger } from '@nestjs/common';
import type { LogLineInput } from '../events/run-event';
import type { LogAnswer } from './control-plane';
import type { LogBudget } from './log-budget';

/** What a line takes beside its text: a flood of empty lines fills memory too. */
const CHARACTERS_PER_LINE = 100;
const MAX_LINES_PER_APPEND = 5000;
const MAX_CHARACTERS_PER_APPEND = 1024 * 1024;

/** Milliseconds; tests are in more of a hurry. */
export interface LogPatience {
  retry: number;
  /** An append that takes longer is an outage too, though it has not failed. */
  stalled: number;
}

const PATIENCE: LogPatience = { retry: 1000, stalled: 10_000 };

/**
 * Brings lines to the log in order, in batches: one append is under way while the next one gathers.
 *
 * What waits is bounded. While lines are being stored, a step that is faster is held up. In an outage it is not, since
 * a step that waits for our storage would fail for a reason of ours: lines beyond the bound are dropped, and one line
 * at their place says how many.
 */
export class LogForwarder {
  private waiting: LogLineInput[] = [];
  private waitingCharacters = 0;
  private accepting = true;
  private sending: Promise<void> | null = null;
  /** Of the first line that waits. */
  private nextNumber = 1;
  /** Lines that the server refused for good: the log has a hole. */
  refusedLines = 0;
  private isOutage = false;
  /** Stands at the end of what waits, for the lines that were dropped after it. */
  private gap: { line: LogLineInput; dropped: number } | null = null;

  constructor(
    private readonly append: (lines: LogLineInput[], firstNumber: number) => Promise<LogAnswer>,
    private readonly logger: Logger,
    private readonly budget: LogBudget,
    private readonly patience: LogPatience = PATIENCE,
  ) {}

  add(lines: LogLineInput[]): void {
    // Past the limit lines are still read from the step, so that it goes on, and thrown away here.
    if (!this.accepting || lines.length === 0) return;
    for (const line of lines) {
      if (this.gap !== null) this.gap.dropped++;
      else if (this.isOutage && this.isFull()) this.openGap(line);
      else this.push(line);
    }
    this.sending ??= this.send();
  }

  /** Null while more may be added; else resolves when it may. */
  room(): Promise<void> | null {
    return this.mustWait() ? this.untilRoom() : null;
  }

  /** Nothing more is stored, and what waits is thrown away: the run is another worker's, or its log is at its limit. */
  giveUp(): void {
    this.accepting = false;
    this.waiting = [];
    this.gap = null;
    this.release(this.waitingCharacters);
  }

  /** Resolves when all that was added is durable, or given up. */
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
    line.text = `${dropped} lines are missing here: the log could not be stored for a while, and no more fitted into memory.`;
    this.take(line.text.length);
  }

  private async send(): Promise<void> {
    // One turn of the event loop, so that the lines of one read go together.
    await new Promise((next) => setImmediate(next));
    while (this.waiting.length > 0) {
      const batch = this.takeBatch();
      await this.appendUntilStored(batch);
      if (this.accepting) this.release(batch.reduce((characters, line) => characters + sizeOf(line), 0));
    }
    this.sending = null;
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
      const stalled = setTimeout(() => this.beginOutage('no answer'), this.patience.stalled);
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

  /** One visible line: what else is refused may be this line itself. */
  private noteRefused({ lines, reason }: NonNullable<LogAnswer['refused']>): void {
    const isFirst = this.refusedLines === 0;
    this.refusedLines += lines;
    this.logger.error(`The server refused ${lines} log lines: ${reason}`);
    if (isFirst) this.add([{ stream: 'system', text: `Log lines are missing here: ${reason}` }]);
  }

  private beginOutage(why: string): void {
    if (this.isOutage) return;
    this.logger.error(`Log lines cannot be stored, trying again: ${why}`);
    this.isOutage = true;
    this.budget.wake();
  }

  private endOutage(): void {
    this.isOutage = false;
    this.closeGap();
  }
}

function sizeOf({ text }: LogLineInput): number {
  return text.length + CHARACTERS_PER_LINE;
}
