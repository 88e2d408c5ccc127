import type { Logger } from '@nestjs/common';
import type { LogLineInput } from '../events/run-event';
import type { LogAnswer } from './control-plane';

/** As much text may wait to be stored; beyond that the step is held up, so that memory stays bounded. */
const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024;
/** What a line takes beside its text: a flood of empty lines fills memory too. */
const CHARACTERS_PER_LINE = 100;
const MAX_LINES_PER_APPEND = 5000;
const MAX_CHARACTERS_PER_APPEND = 1024 * 1024;
const RETRY_MS = 1000;

/** Brings lines to the log in order, in batches: one append is under way while the next one gathers. */
export class LogForwarder {
  private waiting: LogLineInput[] = [];
  private waitingCharacters = 0;
  private accepting = true;
  private sending: Promise<void> | null = null;
  /** Of the first line that waits. */
  private nextNumber = 1;
  private onRoom: (() => void)[] = [];
  /** Lines that the server refused for good: the log has a hole. */
  refusedLines = 0;

  constructor(
    private readonly append: (lines: LogLineInput[], firstNumber: number) => Promise<LogAnswer>,
    private readonly logger: Logger,
  ) {}

  add(lines: LogLineInput[]): void {
    // Past the limit lines are still read from the step, so that it goes on, and thrown away here.
    if (!this.accepting || lines.length === 0) return;
    for (const line of lines) {
      this.waiting.push(line);
      this.waitingCharacters += line.text.length + CHARACTERS_PER_LINE;
    }
    this.sending ??= this.send();
  }

  /** Null while more may be added; else resolves when it may. */
  room(): Promise<void> | null {
    if (this.waitingCharacters < MAX_WAITING_CHARACTERS) return null;
    return new Promise((resolve) => this.onRoom.push(resolve));
  }

  /** Nothing more is stored, and what waits is thrown away: the run is somebody else's. */
  giveUp(): void {
    this.accepting = false;
    this.waiting = [];
    this.waitingCharacters = 0;
    for (const resume of this.onRoom.splice(0)) resume();
  }

  /** Resolves when all that was added is durable, or given up. */
  async flushed(): Promise<void> {
    while (this.sending) await this.sending;
  }

  private async send(): Promise<void> {
    // One turn of the event loop, so that the lines of one read go together.
    await new Promise((next) => setImmediate(next));
    while (this.waiting.length > 0) {
      const batch = this.takeBatch();
      await this.appendUntilStored(batch);
      if (this.waitingCharacters < MAX_WAITING_CHARACTERS)
        for (const resume of this.onRoom.splice(0)) resume();
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
      characters += this.waiting[count++]!.text.length + CHARACTERS_PER_LINE;
    }
    this.waitingCharacters -= characters;
    return count === this.waiting.length ? this.takeAll() : this.waiting.splice(0, count);
  }

  private takeAll(): LogLineInput[] {
    const all = this.waiting;
    this.waiting = [];
    return all;
  }

  /** A database that cannot take lines just now holds the step up; it does not lose them. */
  private async appendUntilStored(batch: LogLineInput[]): Promise<void> {
    const firstNumber = this.nextNumber;
    this.nextNumber += batch.length;
    for (;;) {
      try {
        const { accepting, refused } = await this.append(batch, firstNumber);
        if (refused) this.noteRefused(refused);
        if (!accepting) this.giveUp();
        return;
      } catch (error) {
        if (!this.accepting) return;
        this.logger.error(`Log lines cannot be stored, trying again: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
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
}
