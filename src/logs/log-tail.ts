import { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { LogChunk } from './log-chunk';
import { type LogAppend, type LogAppended, LogStore } from './log-store';
import { OpenLines } from './open-lines';

/** Cache limit of all logs together; evicted chunks are read from the store again. */
const CACHE_BYTES = 32 * 1024 * 1024;

/**
 * Lets any number of readers follow a log at their own pace, from one cache. A chunk is read or taken from an
 * append once, and formatted once for all readers. A reader has a position and no queue, so a slow reader needs no memory.
 */
@Injectable()
export class LogTail {
  readonly openLines = new OpenLines();
  private readonly wakeUps = new EventEmitter().setMaxListeners(0);
  /** By run and the `seq` of `readAfter`. */
  private readonly cache = new LRUCache<string, LogChunk>({
    maxSize: CACHE_BYTES,
    sizeCalculation: (chunk) => 2 * chunk.approximateBytes, // doubled, because the formatted chunk is added on first use
  });
  /** The number of lines stored since the start, for the metrics. */
  linesStored = 0;
  /** Reads in progress, by run and then by the sequence number that they read after. */
  private readonly reading = new Map<string, Map<number, Promise<LogChunk | null>>>();

  constructor(private readonly store: LogStore) {}

  async append(append: LogAppend): Promise<LogAppended> {
    const { runId, attempt, lines } = append;
    const isAllOpen = lines.length > 0 && lines.every(({ open }) => open);
    const appended = await (isAllOpen ? this.store.appendNothing(runId) : this.store.append(append));
    this.announce(runId, appended.chunks);
    this.openLines.take(runId, attempt, lines, appended.lastSeq);
    return appended;
  }

  /** Wakes readers after lines were committed. Callers of `LogStore.appendInTransaction` call it themselves. */
  announce(runId: string, chunks: LogChunk[]): void {
    if (chunks.length === 0) return;
    for (const { lines } of chunks) this.linesStored += lines.length;
    // A read that began before these lines were committed must not serve later requests.
    this.reading.delete(runId);
    if (this.wakeUps.listenerCount(runId) === 0) return;
    for (const chunk of chunks) this.cache.set(keyOf(runId, chunk.firstSeq - 1), chunk);
    this.wakeUps.emit(runId, chunks.at(-1)!.lastSeq);
  }

  /**
   * Returns the chunk with line `seq` + 1, which may begin before that line; null if there is no such line yet. Concurrent
   * calls for the same lines share one read.
   */
  readAfter(runId: string, seq: number): Promise<LogChunk | null> {
    const key = keyOf(runId, seq);
    const cached = this.cache.get(key);
    if (cached) return Promise.resolve(cached);
    const readingRun = this.reading.get(runId) ?? new Map<number, Promise<LogChunk | null>>();
    this.reading.set(runId, readingRun);
    let reading = readingRun.get(seq);
    if (!reading) {
      reading = this.readAndRemember(runId, seq).finally(() => {
        readingRun.delete(seq);
        if (readingRun.size === 0 && this.reading.get(runId) === readingRun) this.reading.delete(runId);
      });
      readingRun.set(seq, reading);
    }
    return reading;
  }

  /** Returns the number of the last line; 0 if there is none. */
  lastSeq(runId: string): Promise<number> {
    return this.store.lastSeq(runId);
  }

  private async readAndRemember(runId: string, seq: number): Promise<LogChunk | null> {
    const chunk = await this.store.readAfter(runId, seq);
    if (chunk) this.cache.set(keyOf(runId, seq), chunk);
    return chunk;
  }

  /**
   * Calls back with the number of the last line whenever the run's log has grown.
   * @returns a function that ends the subscription
   */
  onGrowth(runId: string, wake: (lastSeq: number) => void): () => void {
    this.wakeUps.on(runId, wake);
    return () => void this.wakeUps.off(runId, wake);
  }
}

function keyOf(runId: string, seq: number): string {
  return `${runId}:${seq}`;
}
