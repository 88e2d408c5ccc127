import { styleText } from 'node:util';
import { hasColours } from './colours';
import { harmless } from './terminal-text';

export type Style = Parameters<typeof styleText>[0];

/** The width of a terminal that does not report its own. */
const UNKNOWN_WIDTH = 80;

const CLEAR_LINE = '\r\u001b[2K';
const CLEAR_LINE_ABOVE = '\u001b[1A\u001b[2K';
/** Without wrapping, the terminal cuts a long line, so it stays one line to clear. */
const WRAP_OFF = '\u001b[?7l';
const WRAP_ON = '\u001b[?7h';

/**
 * Writes results to one stream, remarks to the same or another stream. On a terminal, also the unfinished line of the
 * output and one status line below it, both updated in place.
 */
export class Terminal {
  /** True if the status line can be shown. */
  readonly isLive: boolean;
  /** The columns of the terminal that results go to; null in a pipe or a file. */
  readonly width: number | null;
  private readonly hasColours: boolean;
  private statusLine = '';
  private unfinished = '';

  constructor(
    private readonly results: NodeJS.WriteStream,
    private readonly remarks: NodeJS.WriteStream = results,
  ) {
    this.isLive = remarks.isTTY === true && process.env.TERM !== 'dumb';
    this.width = results.isTTY === true ? widthOf(results, process.env.COLUMNS) : null;
    this.hasColours = hasColours(remarks, process.env);
  }

  styled(style: Style, text: string): string {
    return this.hasColours ? styleText(style, text, { validateStream: false }) : text;
  }

  /** Writes the requested data. */
  result(lines: readonly string[]): void {
    this.write(this.results, lines);
  }

  /** Writes messages about the command. */
  remark(...lines: string[]): void {
    this.write(this.remarks, lines);
  }

  /** Writes the output of a run unchanged; on a terminal without control characters. */
  logText(texts: readonly string[]): void {
    this.write(this.results, this.results.isTTY ? texts.map(harmless) : texts);
  }

  /** Shows a line below all output until the next call; an empty line removes it. */
  status(line: string): void {
    if (!this.isLive || line === this.statusLine) return;
    const clear = this.clear();
    this.statusLine = line;
    this.remarks.write(`${clear}${this.drawn()}`);
  }

  /** Shows the output that has no line end yet, until the next call; an empty text removes it. */
  openLine(text: string): void {
    const shown = harmless(text);
    if (!this.isLive || !this.results.isTTY || shown === this.unfinished) return;
    const clear = this.clear();
    this.unfinished = shown;
    this.remarks.write(`${clear}${this.drawn()}`);
  }

  private write(stream: NodeJS.WriteStream, lines: readonly string[]): void {
    if (lines.length === 0) return;
    const isDrawn = this.drawn() !== '';
    if (isDrawn) this.remarks.write(this.clear());
    stream.write(`${lines.join('\n')}\n`);
    if (isDrawn) this.remarks.write(this.drawn());
  }

  private clear(): string {
    return this.statusLine !== '' && this.unfinished !== '' ? CLEAR_LINE + CLEAR_LINE_ABOVE : CLEAR_LINE;
  }

  private drawn(): string {
    const lines = [this.unfinished, this.statusLine].filter((line) => line !== '');
    return lines.length === 0 ? '' : `${WRAP_OFF}${lines.join('\n')}${WRAP_ON}`;
  }
}

/** COLUMNS is for users whose terminal has another width than it reports. */
function widthOf({ columns }: NodeJS.WriteStream, given: string | undefined): number {
  return given !== undefined && /^[1-9]\d{0,4}$/.test(given) ? Number(given) : columns || UNKNOWN_WIDTH;
}

/**
 * Ends the process if its output cannot be written: quietly when the reader closed the pipe (`| head`), with the exit
 * code that shells use for SIGPIPE; otherwise with the reason, such as a full disk.
 */
export function endWithoutOutput(): void {
  const endOn = (stream: NodeJS.WriteStream, explain: (reason: string) => void) =>
    stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      if (code === 'EPIPE') process.exit(141);
      explain(code ?? message);
      process.exit(1);
    });
  endOn(process.stdout, (reason) => process.stderr.write(`Writing to standard output failed (${reason}).\n`));
  endOn(process.stderr, () => undefined);
}
