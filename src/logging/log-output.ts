import type { LogSink } from './log-sink';

/** Room for about 20,000 lines. Further lines are dropped, so that a blocked reader does not fill the memory. */
const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024;
const MAX_CHARACTERS_PER_WRITE = 64 * 1024;

/**
 * Output of the server's log. Writing never throws, never blocks and uses bounded memory. A full disk, a closed pipe
 * or a blocked reader costs only log lines. When writes succeed again, one line gives the number of dropped lines and
 * the cause.
 *
 * It replaces the destination of pino, whose synchronous mode blocks the event loop while a pipe is full. Its asynchronous mode
 * stops writing forever once failed writes have filled its buffer.
 */
export class LogOutput {
  private sink: LogSink | null = null;
  private waiting: string[] = [];
  private waitingCharacters = 0;
  private writing: Promise<void> | null = null;
  private droppedLines = 0;
  private dropCause: string | null = null;
  /** A failed write may have left a part of a line, so the next write begins with a newline. */
  private hasPartialLine = false;

  /** @param dropNotice returns the line about dropped lines, including its newline */
  constructor(
    private readonly openSink: () => LogSink,
    private readonly dropNotice: (lines: number, dropCause: string) => string,
    private readonly maxWaitingCharacters = MAX_WAITING_CHARACTERS,
  ) {}

  /** Adds one line, including its newline. */
  write(line: string): void {
    if (this.waitingCharacters + line.length > this.maxWaitingCharacters) {
      this.droppedLines++;
      this.dropCause ??= 'standard output is blocked or too slow';
      return;
    }
    this.waiting.push(line);
    this.waitingCharacters += line.length;
    this.writing ??= this.writeAll();
  }

  /** Resolves when all lines are written or dropped, or after `withinMs`. */
  async flushed(withinMs: number): Promise<void> {
    if (!this.writing) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
    await Promise.race([this.writing, late]);
    clearTimeout(timer);
  }

  private async writeAll(): Promise<void> {
    // Wait for the end of the current turn of the event loop, so that its lines are written together.
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
    const { droppedLines, dropCause } = this;
    this.droppedLines = 0;
    this.dropCause = null;
    if (!(await this.put(this.dropNotice(droppedLines, dropCause!)))) this.droppedLines += droppedLines;
  }

  /** @returns whether all of it was written */
  private async put(text: string): Promise<boolean> {
    this.sink ??= this.openSink();
    const { written, error } = await this.sink.write(Buffer.from(this.hasPartialLine ? `\n${text}` : text));
    this.dropCause = error ?? this.dropCause;
    this.hasPartialLine = error !== null && (this.hasPartialLine || written > 0);
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
