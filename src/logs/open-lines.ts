import { EventEmitter } from 'node:events';
import { LRUCache } from 'lru-cache';
import type { LogLineInput } from '../events/run-event';
import { type LogStreamName, newestPart } from './log-line';

/** A line that a program has not finished, or that it overwrites. It has no number yet. */
export interface OpenLine {
  step: string | null;
  stream: LogStreamName;
  /** Empty: there is no such line any more. */
  text: string;
}

interface OpenLinesOfRun {
  attempt: number;
  /** By stream and step. */
  lines: Map<string, OpenLine>;
  /** The lines follow this stored line. */
  afterSeq: number;
}

/** Lines of one run; an external worker may use any names of steps. */
const MAX_LINES = 16;
/** Limit of all runs together, in characters. The runs that have not changed for longest are dropped first. */
const MAX_CHARACTERS = 4 * 1024 * 1024;
const CHARACTERS_PER_RUN = 200;

/**
 * Holds the newest unfinished line of each step and stream, in memory only: a restart ends the program that writes it.
 * The log gets a line when it is finished.
 */
export class OpenLines {
  private readonly runs = new LRUCache<string, OpenLinesOfRun>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: ({ lines }) =>
      [...lines.values()].reduce((sum, { step, text }) => sum + (step?.length ?? 0) + text.length, 0) +
      CHARACTERS_PER_RUN,
  });
  private readonly changes = new EventEmitter().setMaxListeners(0);

  /**
   * Takes the lines of one append, in order, after they were stored.
   * @param lastSeq the last stored line of the run
   */
  take(runId: string, attempt: number, appended: readonly LogLineInput[], lastSeq: number): void {
    const known = this.runs.get(runId);
    if (!known && !appended.some(({ open }) => open)) return;
    const lines = new Map(known?.attempt === attempt ? known.lines : []);
    let hasChanged = known !== undefined && known.attempt !== attempt;
    for (const line of appended) hasChanged = apply(lines, line) || hasChanged;
    if (!hasChanged) return;
    if (lines.size === 0) this.runs.delete(runId);
    else this.runs.set(runId, { attempt, lines, afterSeq: lastSeq });
    this.changes.emit(runId);
  }

  /**
   * Returns the open lines of an attempt.
   * @param seq the last line that the reader has: null if an open line follows a later line
   */
  of(runId: string, attempt: number, seq: number): OpenLine[] | null {
    const known = this.runs.get(runId);
    if (known?.attempt !== attempt) return [];
    return known.afterSeq > seq ? null : [...known.lines.values()];
  }

  /** @returns a function that ends the subscription */
  onChange(runId: string, wake: () => void): () => void {
    this.changes.on(runId, wake);
    return () => void this.changes.off(runId, wake);
  }
}

/** The identity of an open line. */
export function sourceOf({ stream, step }: Pick<OpenLine, 'stream' | 'step'>): string {
  return `${stream} ${step ?? ''}`;
}

/** @returns whether anything has changed */
function apply(lines: Map<string, OpenLine>, line: LogLineInput): boolean {
  const { open, stream = 'stdout', text } = line;
  const step = line.step ?? null;
  const source = sourceOf({ stream, step });
  if (!open || text === '') return lines.delete(source);
  if (!lines.has(source) && lines.size >= MAX_LINES) return false;
  const newest = newestPart(text);
  if (lines.get(source)?.text === newest) return false;
  lines.set(source, { step, stream, text: newest });
  return true;
}
