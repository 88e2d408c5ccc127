import { Logger } from '@nestjs/common';
import { type EventStream, type StreamEntry, WORKER_GROUP } from '../events/event-stream';
import type { Attempt } from './attempt';
import type { SlotLimiter } from './slot-limiter';

const WAIT_MS = 5_000;
/** Milliseconds before an entry whose claim failed, because the server was unavailable, is tried again. */
const RETRY_AFTER_MS = 5_000;
const MOST_AT_ONCE = 500;

/** Claims the run of a request. Returns null if this worker cannot execute it or another one claimed it first. */
export type ClaimRequested = (fields: Record<string, string>) => Promise<Attempt | null>;

/** Takes runs from the stream, up to the number of free slots, and receives stop requests. */
export class StreamRequests {
  private readonly logger = new Logger(StreamRequests.name);
  private readonly stopping = new AbortController();
  private taking: Promise<void> = Promise.resolve();
  private reading = new AbortController();
  /** Entries per read, if more than the number of free slots. */
  private portion = 0;
  /** Requests without a free slot. They stay pending, so that other workers can take them over. */
  private waiting: StreamEntry[] = [];
  /** By run id: the request that waits until the current attempt at the run has ended. */
  private readonly afterEnd = new Map<string, StreamEntry>();
  private following: { stop(): Promise<void> } | null = null;

  constructor(
    private readonly stream: EventStream,
    private readonly workerId: string,
    private readonly slots: SlotLimiter,
    private readonly claim: ClaimRequested,
  ) {}

  async start(): Promise<void> {
    this.following = await this.stream.follow(({ eventType, runId }) => {
      if (eventType === 'run.cancel.requested' && runId !== undefined) this.slots.checkStop(runId);
    });
    this.taking = this.takeRuns();
  }

  /** Resolves when no further run will be taken. Stop requests are still received until `unfollow`. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.reading.abort();
    await this.taking;
  }

  async unfollow(): Promise<void> {
    await this.following?.stop();
  }

  private async takeRuns(): Promise<void> {
    const { signal } = this.stopping;
    let idleMs = 0; // entries of a previous process of this worker can be taken over at once
    let lastTakeOverMs = -Infinity;
    for (;;) {
      await this.slots.untilFree(signal);
      if (signal.aborted) return;
      try {
        if (performance.now() - lastTakeOverMs >= RETRY_AFTER_MS) {
          await this.takeOver(idleMs);
          lastTakeOverMs = performance.now();
          idleMs = RETRY_AFTER_MS;
        } else if (this.waiting.length > 0) {
          await this.takeWaiting();
        } else {
          await this.read();
        }
      } catch (error) {
        this.logger.error(`Reading requests from the stream failed, retrying: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }

  /** Takes over pending entries of all workers, including this one. */
  private async takeOver(idleMs: number): Promise<void> {
    for (let count = this.slots.free; ; count = Math.min(2 * count, MOST_AT_ONCE)) {
      const options = { idleMs, count };
      const entries = await this.stream.takeOver(WORKER_GROUP, this.workerId, options);
      this.admit(entries, 'first');
      await this.takeWaiting();
      // The oldest entries may not be executable now, but later ones may be.
      const isRoom = this.slots.free > 0 && this.waiting.length === 0;
      if (entries.length < count || idleMs === 0 || !isRoom || this.stopping.signal.aborted) return;
    }
  }

  /**
   * Reads no more requests than free slots, so that other workers get the rest. Other events are in between: behind a
   * backlog of those, the number of entries per read grows.
   */
  private async read(): Promise<void> {
    const { free } = this.slots;
    const count = Math.max(free, this.portion);
    this.reading = new AbortController();
    const { signal } = this.reading;
    const options = { count, waitMs: WAIT_MS, signal };
    const entries = await this.stream.read(WORKER_GROUP, this.workerId, options);
    const requests = this.admit(entries, 'last');
    this.portion = entries.length >= count && requests <= free ? Math.min(2 * count, MOST_AT_ONCE) : 0;
    await this.takeWaiting();
    // Yield to the event loop between reads.
    await new Promise((next) => setImmediate(next));
  }

  /**
   * Queues requests and acknowledges all other entries.
   * @returns how many entries are requests
   */
  private admit(entries: StreamEntry[], where: 'first' | 'last'): number {
    const requests = entries.filter(({ fields }) => fields.eventType === 'run.requested');
    const others = entries.filter((entry) => !requests.includes(entry));
    if (others.length > 0) this.acknowledge(others);
    const ids = new Set(requests.map(({ id }) => id));
    const rest = this.waiting.filter(({ id }) => !ids.has(id));
    this.waiting = where === 'first' ? [...requests, ...rest] : [...rest, ...requests];
    return requests.length;
  }

  private async takeWaiting(): Promise<void> {
    const takes: Promise<void>[] = [];
    while (this.slots.free > 0 && this.waiting.length > 0) takes.push(this.take(this.waiting.shift()!));
    await Promise.all(takes);
  }

  private async take(entry: StreamEntry): Promise<void> {
    const { runId, payload } = entry.fields;
    const before = runId === undefined ? null : this.slots.endOf(runId);
    if (before === null) {
      if (runId !== undefined) await this.slots.take(runId, () => this.claim(entry.fields));
    } else if (attemptIn(payload) > (this.slots.attemptNumberOf(runId!) ?? 0)) {
      // An attempt that lost its lease is still ending here. The next one starts after it.
      return this.takeAfter(before, runId!, entry);
    }
    this.acknowledge([entry]);
  }

  /** Not awaited: the next request may start earlier, and a redelivered one has no second effect. */
  private acknowledge(entries: StreamEntry[]): void {
    this.stream
      .acknowledge(
        WORKER_GROUP,
        entries.map(({ id }) => id),
      )
      .catch((error: unknown) => this.logger.warn(`Acknowledging stream entries failed: ${String(error)}`));
  }

  /** One request per run is enough. The replaced ones stay pending and are taken over later. */
  private takeAfter(before: Promise<void>, runId: string, entry: StreamEntry): void {
    const isKnown = this.afterEnd.has(runId);
    this.afterEnd.set(runId, entry);
    if (isKnown) return;
    void before.then(() => {
      this.waiting.unshift(this.afterEnd.get(runId)!);
      this.afterEnd.delete(runId);
      this.reading.abort();
    });
  }
}

/** Returns Infinity if the payload has no attempt, which then matches any attempt. */
function attemptIn(payload: string | undefined): number {
  try {
    const { attempt } = JSON.parse(payload ?? '') as { attempt?: unknown };
    return typeof attempt === 'number' ? attempt : Infinity;
  } catch {
    return Infinity;
  }
}
