/** At most this often, in milliseconds. A reader sees a prompt within 1 s, with the time of the transfer. */
const REPORT_EVERY_MS = 300;

/** The unfinished line of a stream, and how many lines were finished before it. */
export interface UnfinishedLine {
  index: number;
  text: string;
}

/**
 * Reports the unfinished line of one stream, after it has been unfinished for a while. A program that writes whole lines
 * causes no reports.
 */
export class OpenLineWatch {
  private timer: NodeJS.Timeout | null = null;
  private watched = 0;
  private reported: UnfinishedLine = { index: 0, text: '' };

  constructor(
    private readonly current: () => UnfinishedLine,
    private readonly report: (text: string) => void,
  ) {}

  /** Call it after each output. */
  touch(): void {
    if (this.timer !== null) return;
    const { index, text } = this.current();
    if (text === '' || (index === this.reported.index && text === this.reported.text)) return;
    this.watched = index;
    this.timer = setTimeout(() => this.check(), REPORT_EVERY_MS);
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private check(): void {
    this.timer = null;
    const line = this.current();
    // Another line than at the last look: it may be finished soon.
    if (line.index !== this.watched) return this.touch();
    this.reported = line;
    this.report(line.text);
  }
}
