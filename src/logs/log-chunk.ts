import { toInstant } from '../clock/clock';
import { LOG_STREAMS, type LogLine } from './log-line';

/** Consecutive lines of one run, and the forms in which readers want them, each made once for all readers. */
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

  /** Server-sent events, `id` being the sequence number. */
  framesAfter(seq: number): Buffer {
    if (seq >= this.firstSeq) return toFrames(this.after(seq));
    this.frames ??= toFrames(this.lines);
    return this.frames;
  }

  /** What it takes in memory, near enough to keep a cache within bounds. */
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
 * How lines lie in the database: `[time of the first in ms, names of steps, [ms later, stream, step, text] …]`.
 * Their numbers follow from the row's first one. A tenth of the room that objects would take for short lines.
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
