import { styleText } from 'node:util';
import { harmless } from './terminal-text';

export type Style = Parameters<typeof styleText>[0];

const CLEAR_LINE = '\r\u001b[2K';
/** With wrapping off the terminal itself cuts a line that is too long, and it stays one line to clear. */
const WRAP_OFF = '\u001b[?7l';
const WRAP_ON = '\u001b[?7h';

/** Where output goes: results to one stream, remarks to the same or another, and one line that keeps changing. */
export class Terminal {
  /** Whether the line that keeps changing can be shown. */
  readonly isLive: boolean;
  private readonly hasColours: boolean;
  private statusLine = '';

  constructor(
    private readonly results: NodeJS.WriteStream,
    private readonly remarks: NodeJS.WriteStream = results,
  ) {
    this.isLive = remarks.isTTY === true && process.env.TERM !== 'dumb';
    // Node knows NO_COLOR, FORCE_COLOR and what TERM can do.
    this.hasColours = remarks.isTTY === true && remarks.hasColors();
  }

  styled(style: Style, text: string): string {
    return this.hasColours ? styleText(style, text, { validateStream: false }) : text;
  }

  /** What was asked for. */
  result(lines: readonly string[]): void {
    this.write(this.results, lines);
  }

  /** What there is to say about it. */
  remark(...lines: string[]): void {
    this.write(this.remarks, lines);
  }

  /** Text of a command, as it is; on a terminal without what would drive the terminal. */
  logText(texts: readonly string[]): void {
    this.write(this.results, this.results.isTTY ? texts.map(harmless) : texts);
  }

  /** Shown below everything else until the next one; an empty one takes it away. */
  status(line: string): void {
    if (!this.isLive || line === this.statusLine) return;
    this.statusLine = line;
    this.remarks.write(`${CLEAR_LINE}${this.drawnStatus()}`);
  }

  private write(stream: NodeJS.WriteStream, lines: readonly string[]): void {
    if (lines.length === 0) return;
    if (this.statusLine !== '') this.remarks.write(CLEAR_LINE);
    stream.write(`${lines.join('\n')}\n`);
    if (this.statusLine !== '') this.remarks.write(this.drawnStatus());
  }

  private drawnStatus(): string {
    return this.statusLine === '' ? '' : `${WRAP_OFF}${this.statusLine}${WRAP_ON}`;
  }
}

/** A reader that has seen enough (`| head`) ends us quietly, with the code that shells give a broken pipe. */
export function endWhenNobodyReads(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 141 : 1));
  }
}
