import { type LevelState, mayContinue, nextLevel, NO_LEVEL } from '../../logs/continuation';
import type { LogLevel } from '../../logs/log-level';
import type { LogLine } from '../../logs/log-line';
import { plainText } from '../../logs/plain-text';

type Levelled = Pick<LogLine, 'stream' | 'step' | 'text'>;

/** The lines of other steps and streams that are passed over in search of the next line. */
const LOOK_AHEAD = 50;

/**
 * The levels of consecutive lines. A line that continues another one has its level, so that the level filter shows
 * whole stack traces. Computed when needed, each once.
 */
export class LineLevels {
  private readonly all: readonly Levelled[];
  private readonly states: (LevelState | undefined)[] = [];

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
    while (this.states[at] === undefined) {
      chain.push(at);
      const previous = continuesAt(this.all, at) ? this.previousOf(at) : -1;
      if (previous < 0) break;
      at = previous;
    }
    let state = this.states[at] ?? NO_LEVEL;
    for (const next of chain.reverse()) {
      const line = this.all[next]!;
      const isOwn = line.stream === 'system';
      state = isOwn ? NO_LEVEL : nextLevel(state, plainText(line.text), followingIn(this.all, next));
      this.states[next] = state;
    }
    return state.level;
  }

  private previousOf(at: number): number {
    let previous = at - 1;
    while (previous >= 0 && !isSameSource(this.all[previous]!, this.all[at]!)) previous--;
    return previous;
  }
}

/** Returns true if the first line of a step and stream may continue a line before these lines. */
export function needsLinesBefore(lines: readonly Levelled[]): boolean {
  const seen = new Set<string>();
  return lines.some(({ step, stream }, index) => {
    const source = `${stream} ${step}`;
    if (seen.has(source)) return false;
    seen.add(source);
    return continuesAt(lines, index);
  });
}

function continuesAt(lines: readonly Levelled[], at: number): boolean {
  return mayContinue(plainText(lines[at]!.text), followingIn(lines, at));
}

function followingIn(lines: readonly Levelled[], at: number): (distance: number) => string {
  return (distance) => {
    let left = distance;
    for (let next = at + 1; next < Math.min(lines.length, at + LOOK_AHEAD); next++) {
      if (isSameSource(lines[next]!, lines[at]!) && --left === 0) return plainText(lines[next]!.text);
    }
    return '';
  };
}

function isSameSource(line: Levelled, other: Levelled): boolean {
  return line.step === other.step && line.stream === other.stream;
}
