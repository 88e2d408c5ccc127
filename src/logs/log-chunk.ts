import { toInstant } from '../clock/clock';
import { LOG_STREAMS, type LogLine } from './log-line';

/** Consecutive lines of one run, with their formatted output, which is created once for all readers. */
export class LogChunk {
  private frames: Buffer | null = null;

  constructor(readonly lines: readonly LogLine[]) {}

  get firstSeq(): number {
    return this.lines[0]!.seq;
  }

  get lastSeq(): number {
    return this.lines.at(-1)!.seq;
  }

  after(seq: number): readonly LogLine[] {
    return seq < this.firstSeq ? this.lines : this.lines.slice(seq - this.firstSeq + 1);
  }

  /** Returns server-sent events whose `id` is the sequence number. */
  framesAfter(seq: number): Buffer {
    if (seq >= this.firstSeq) return toFrames(this.after(seq));
    this.frames ??= toFrames(this.lines);
    return this.frames;
  }

  /** Approximate size in memory, to bound the cache. */
  get approximateBytes(): number {
    return this.lines.reduce((sum, { text }) => sum + 2 * text.length + 150, 0) + (this.frames?.length ?? 0);
  }
}

function toFrames(lines: readonly LogLine[]): Buffer {
  return Buffer.from(
    lines.map((line) => `id: ${line.seq}\nevent: log\ndata: ${JSON.stringify(line)}\n\n`).join(''),
  );
}

/**
 * Storage format of lines: `[time of the first in ms, names of steps, [ms later, stream, step, text] …]`. Line numbers
 * follow from the first number of the row. Short lines take a tenth of the space of objects.
 */
type StoredLines = [number, string[], ...[number, number, number, string][]];

const NO_STEP = -1;

export function encodeLines(lines: readonly LogLine[]): string {
  const baseMs = Date.parse(lines[0]!.at);
  const steps: string[] = [];
  let lastAt = '';
  let lastMs = 0;
  const rows = lines.map(({ at, stream, step, text }): [number, number, number, string] => {
    if (at !== lastAt) [lastAt, lastMs] = [at, Date.parse(at)];
    let index = NO_STEP;
    if (step !== null) {
      index = steps.indexOf(step);
      if (index < 0) index = steps.push(step) - 1;
    }
    return [lastMs - baseMs, LOG_STREAMS.indexOf(stream), index, text];
  });
  return JSON.stringify([baseMs, steps, ...rows] satisfies StoredLines);
}

export function decodeLines(firstSeq: number, stored: string): LogLine[] {
  const [baseMs, steps, ...rows] = JSON.parse(stored) as StoredLines;
  let lastMs = Number.NaN;
  let lastAt = '';
  return rows.map(([laterMs, stream, step, text], index) => {
    if (laterMs !== lastMs) [lastMs, lastAt] = [laterMs, toInstant(baseMs + laterMs)];
    return {
      seq: firstSeq + index,
      at: lastAt,
      stream: LOG_STREAMS[stream] ?? 'stdout',
      step: step === NO_STEP ? null : (steps[step] ?? null),
      text,
    };
  });
}
