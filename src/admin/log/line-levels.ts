import { continuedLevel, isContinuation } from '../../logs/continuation';
import type { LogLevel } from '../../logs/log-level';
import type { LogLine } from '../../logs/log-line';
import { plainText } from '../../logs/plain-text';

type Levelled = Pick<LogLine, 'stream' | 'step' | 'text'>;

/**
 * The levels of consecutive lines. A line that continues another one has its level, so that the level filter shows
 * whole stack traces. Computed when needed, each once.
 */
export class LineLevels {
  private readonly all: readonly Levelled[];
  private readonly levels: (LogLevel | null | undefined)[] = [];

  /** @param before the lines directly before, for lines that continue one of them */
  constructor(
    lines: readonly Levelled[],
    private readonly before: readonly Levelled[] = [],
  ) {
    this.all = [...before, ...lines];
  }

  /** Jobato's own lines have no level. */
  of(index: number): LogLevel | null {
    const chain: number[] = [];
    let at = index + this.before.length;
    while (this.levels[at] === undefined) {
      chain.push(at);
      const previous = isContinuation(this.textOf(at)) ? this.previousOf(at) : -1;
      if (previous < 0) break;
      at = previous;
    }
    let level: LogLevel | null = this.levels[at] ?? null;
    for (const next of chain.reverse()) {
      level = this.all[next]!.stream === 'system' ? null : continuedLevel(this.textOf(next), level);
      this.levels[next] = level;
    }
    return level;
  }

  private textOf(at: number): string {
    return plainText(this.all[at]!.text);
  }

  private previousOf(at: number): number {
    const { step, stream } = this.all[at]!;
    let previous = at - 1;
    while (previous >= 0 && !isSameSource(this.all[previous]!, step, stream)) previous--;
    return previous;
  }
}

/** Returns true if the first line of a step and stream continues a line before these lines. */
export function needsLinesBefore(lines: readonly Levelled[]): boolean {
  const seen = new Set<string>();
  return lines.some(({ step, stream, text }) => {
    const source = `${stream} ${step}`;
    if (seen.has(source)) return false;
    seen.add(source);
    return isContinuation(plainText(text));
  });
}

function isSameSource(line: Levelled, step: string | null, stream: string): boolean {
  return line.step === step && line.stream === stream;
}
