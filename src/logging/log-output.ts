import type { LogSink } from './log-sink';

/** About 20,000 lines. Beyond it lines are dropped, so that a reader that stands still costs no more memory. */
const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024;
const MAX_CHARACTERS_PER_WRITE = 64 * 1024;

/**
 * The server's own log on its way out. Writing never throws, never waits and never keeps more than a bound: a full
 * disk, a closed pipe or a reader that stands still cost lines of the log and nothing else. When lines get through
 * again, one line says how many were dropped and why.
 *
 * Not pino's own destination: its synchronous mode blocks the event loop while a pipe is full, and its asynchronous
 * one never writes again once a failed write has let its buffer grow to the limit.
 */
export class LogOutput {
  private sink: LogSink | null = null;
  private waiting: string[] = [];
  private waitingCharacters = 0;
  private writing: Promise<void> | null = null;
  private droppedLines = 0;
  private trouble: string | null = null;
  /** A write broke off within a line. */
  private isTorn = false;

  /** @param dropNotice makes the line that says how many were dropped, its newline included */
  constructor(
    private readonly openSink: () => LogSink,
    private readonly dropNotice: (lines: number, trouble: string) => string,
    private readonly maxWaitingCharacters = MAX_WAITING_CHARACTERS,
  ) {}

  /** Takes one line with its newline. */
  write(line: string): void {
    if (this.waitingCharacters + line.length > this.maxWaitingCharacters) {
      this.droppedLines++;
      this.trouble ??= 'its reader did not read';
      return;
    }
    this.waiting.push(line);
    this.waitingCharacters += line.length;
    this.writing ??= this.writeAll();
  }

  /** Resolves when all lines are written or dropped, and after `withinMs` in any case. */
  async flushed(withinMs: number): Promise<void> {
    if (!this.writing) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
    await Promise.race([this.writing, late]);
    clearTimeout(timer);
  }

  private async writeAll(): Promise<void> {
    // One turn of the event loop, so that the lines of one turn go together.
    await new Promise((next) => setImmediate(next));
    while (this.waiting.length > 0) {
      const lines = this.takeLines();
      if (await this.put(lines.join(''))) await this.reportDropped();
      else this.droppedLines += lines.length;
    }
    this.writing = null;
  }

  private async reportDropped(): Promise<void> {
    if (this.droppedLines === 0) return;
    const { droppedLines, trouble } = this;
    this.droppedLines = 0;
    this.trouble = null;
    if (!(await this.put(this.dropNotice(droppedLines, trouble!)))) this.droppedLines += droppedLines;
  }

  /** @returns whether all of it was written */
  private async put(text: string): Promise<boolean> {
    this.sink ??= this.openSink();
    const { written, error } = await this.sink.write(Buffer.from(this.isTorn ? `\n${text}` : text));
    this.trouble = error ?? this.trouble;
    this.isTorn = error !== null && (this.isTorn || written > 0);
    return error === null;
  }

  private takeLines(): string[] {
    let characters = 0;
    let count = 0;
    while (count < this.waiting.length && characters < MAX_CHARACTERS_PER_WRITE) {
      characters += this.waiting[count++]!.length;
    }
    this.waitingCharacters -= characters;
    return this.waiting.splice(0, count);
  }
}
