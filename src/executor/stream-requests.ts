import { Logger } from '@nestjs/common';
import { type EventStream, type StreamEntry, WORKER_GROUP } from '../events/event-stream';
import type { Attempt } from './attempt';
import type { Places } from './places';

const WAIT_MS = 5_000;
/** An entry whose claim failed, because nobody could be asked, is looked at again after this long. */
const RETRY_AFTER_MS = 5_000;
const MOST_AT_ONCE = 500;

/** Claims what a request asks for; null where it is nothing for this worker, or another one was quicker. */
export type ClaimRequested = (fields: Record<string, string>) => Promise<Attempt | null>;

/** Takes runs from the stream, as many as there are free places, and hears of stops. */
export class StreamRequests {
  private readonly logger = new Logger(StreamRequests.name);
  private readonly stopping = new AbortController();
  private taking: Promise<void> = Promise.resolve();
  private reading = new AbortController();
  /** How many entries are read at once, where that is more than there are free places. */
  private portion = 0;
  /** Requests for which there was no place. They stay pending, so that others can take them over meanwhile. */
  private waiting: StreamEntry[] = [];
  /** By run: the request that waits until the attempt that is here has ended. */
  private readonly afterEnd = new Map<string, StreamEntry>();
  private following: { stop(): Promise<void> } | null = null;

  constructor(
    private readonly stream: EventStream,
    private readonly workerId: string,
    private readonly places: Places,
    private readonly claim: ClaimRequested,
  ) {}

  async start(): Promise<void> {
    this.following = await this.stream.follow(({ eventType, runId }) => {
      if (eventType === 'run.cancel.requested' && runId !== undefined) this.places.checkStop(runId);
    });
    this.taking = this.takeRuns();
  }

  /** Resolves when nothing more is taken. Stops are heard of until `unfollow`. */
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
    let idleMs = 0; // what an earlier life of this worker was handed is nobody's now
    let lastTakeOverMs = -Infinity;
    for (;;) {
      await this.places.untilFree(signal);
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
        this.logger.error(`Runs cannot be taken from the stream, trying again: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }

  /** What was handed to somebody, here or elsewhere, and is not done with. */
  private async takeOver(idleMs: number): Promise<void> {
    for (let count = this.places.free; ; count = Math.min(2 * count, MOST_AT_ONCE)) {
      const options = { idleMs, count };
      const entries = await this.stream.takeOver(WORKER_GROUP, this.workerId, options);
      this.admit(entries, 'first');
      await this.takeWaiting();
      // The oldest may be nothing that is to be done now; what can be done lies behind it.
      const isRoom = this.places.free > 0 && this.waiting.length === 0;
      if (entries.length < count || idleMs === 0 || !isRoom || this.stopping.signal.aborted) return;
    }
  }

  /**
   * No more requests than there are places, so that other workers get the rest at once. But what everybody says of
   * the runs at work lies between them: where that has piled up, it is read in portions that grow.
   */
  private async read(): Promise<void> {
    const { free } = this.places;
    const count = Math.max(free, this.portion);
    this.reading = new AbortController();
    const { signal } = this.reading;
    const options = { count, waitMs: WAIT_MS, signal };
    const entries = await this.stream.read(WORKER_GROUP, this.workerId, options);
    const requests = this.admit(entries, 'last');
    this.portion = entries.length >= count && requests <= free ? Math.min(2 * count, MOST_AT_ONCE) : 0;
    await this.takeWaiting();
    // Whoever reads on and on must let others have their turn.
    await new Promise((next) => setImmediate(next));
  }

  /** Sorts out what is to be done here. @returns how many entries are requests */
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
    while (this.places.free > 0 && this.waiting.length > 0) takes.push(this.take(this.waiting.shift()!));
    await Promise.all(takes);
  }

  private async take(entry: StreamEntry): Promise<void> {
    const { runId, payload } = entry.fields;
    const before = runId === undefined ? null : this.places.endOf(runId);
    if (before === null) {
      if (runId !== undefined) await this.places.take(runId, () => this.claim(entry.fields));
    } else if (attemptIn(payload) > (this.places.attemptAt(runId!) ?? 0)) {
      // An attempt that lost its lease is still being ended here: the next one begins after it.
      return this.takeAfter(before, runId!, entry);
    }
    this.acknowledge([entry]);
  }

  /** Not waited for: the next request may be carried out meanwhile, and one that comes again has no second effect. */
  private acknowledge(entries: StreamEntry[]): void {
    this.stream
      .acknowledge(
        WORKER_GROUP,
        entries.map(({ id }) => id),
      )
      .catch((error: unknown) => this.logger.warn(`Entries cannot be acknowledged: ${String(error)}`));
  }

  /** Of several requests one is enough, and what is forgotten here stays pending and is taken over later. */
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

/** Infinite where it is not said: then it may be any. */
function attemptIn(payload: string | undefined): number {
  try {
    const { attempt } = JSON.parse(payload ?? '') as { attempt?: unknown };
    return typeof attempt === 'number' ? attempt : Infinity;
  } catch {
    return Infinity;
  }
}
