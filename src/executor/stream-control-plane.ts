import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { API_GROUP, type EventStream } from '../events/event-stream';
import { signed } from '../events/lease-proof';
import { type LogLineInput, type RunEvent, type StreamFields, toStreamFields } from '../events/run-event';
import type { ArtifactFiles } from '../artifacts/artifact-files';
import type { AttemptKey, RejectedEvent, Standing } from './control-plane';
import type { HeldRuns } from './held-runs';
import { HttpControlPlane } from './http-control-plane';
import { logPortions } from './log-portions';
import { type PublishedEntry, RecentlyPublished } from './recently-published';
import type { WorkerApi } from './worker-api';

const FIRST_LOOK_MS = 50;
const LOOK_EVERY_MS = 3000;
const ENDS: ReadonlySet<string> = new Set(['run.completed', 'run.failed', 'run.cancelled']);
/** Milliseconds that the server gets to read published entries before the run is handed back. */
const READ_WITHIN_MS = 2000;

/**
 * A remote server that receives events over the stream, and HTTP calls for everything that needs an answer.
 *
 * The stream may lose entries. After an outage, recent entries are published again, with the same ids and numbers. The
 * final event exists only on the stream, so it is published until the server confirms the end.
 */
export class StreamControlPlane extends HttpControlPlane {
  /** Stop requests arrive over the stream. If the stream lost one, the answer to a heartbeat contains it. */
  override readonly heartbeatEveryMs = 5000;
  override readonly learnsRejections: boolean = false;
  private readonly published = new Map<string, RecentlyPublished>();
  private readonly unconfirmed = new Set<Promise<void>>();

  constructor(
    api: WorkerApi,
    held: HeldRuns,
    artifacts: ArtifactFiles,
    private readonly stream: EventStream,
    private readonly logLimitBytes: number,
  ) {
    super(api, held, artifacts);
  }

  override async heartbeat(attempt: AttemptKey): Promise<Standing> {
    const standing = await super.heartbeat(attempt);
    if (standing.stillHeld) await this.tell(attempt.runId, []);
    return standing;
  }

  override async publish({ runId, leaseToken }: AttemptKey, events: RunEvent[]): Promise<RejectedEvent[]> {
    if (events.length === 0) return [];
    const entries = events.map((event) => signed(toStreamFields(event), leaseToken));
    await this.tell(runId, entries);
    return [];
  }

  /** The stream does not report when the server's log is full, so this worker applies its own LOG_LIMIT_MB. */
  override async appendLog(
    key: AttemptKey,
    lines: LogLineInput[],
    firstNumber: number,
  ): Promise<{ accepting: boolean }> {
    const recent = this.recentOf(key.runId);
    let { logBytes } = recent;
    for (const portion of logPortions(lines, firstNumber)) {
      const event = logEvent(key, portion);
      if (portion.every(({ open }) => open)) {
        // Never again after an outage, because newer lines have replaced them by then.
        await this.stream.publish([signed(toStreamFields(event), key.leaseToken)]);
        continue;
      }
      await this.publish(key, [event]);
      for (const { text } of portion) logBytes += Buffer.byteLength(text) + 1;
      // Exceed the limit by one batch: the server marks the log as full when it receives the first line beyond it.
      if (logBytes > this.logLimitBytes) return { accepting: false };
    }
    recent.logBytes = logBytes;
    return { accepting: true };
  }

  /** Confirms the end in the background, so that the slot is free for the next run. */
  override async finished(attempt: AttemptKey, end: RunEvent | null): Promise<void> {
    await this.clear(attempt);
    if (end === null) return this.forget(attempt);
    const confirming: Promise<void> = this.confirm(attempt).finally(() =>
      this.unconfirmed.delete(confirming),
    );
    this.unconfirmed.add(confirming);
  }

  override async handBack(attempt: AttemptKey): Promise<void> {
    await this.untilRead();
    await super.handBack(attempt);
    this.forget(attempt);
  }

  override async settled(): Promise<void> {
    await Promise.all(this.unconfirmed);
  }

  private async tell(runId: string, entries: StreamFields[]): Promise<void> {
    const recent = this.recentOf(runId);
    const { reconnects } = this.stream;
    // Events after the final one have no effect, so all earlier ones must be on the stream first.
    const isEnd = entries.some(({ eventType }) => ENDS.has(eventType));
    if (recent.reconnects !== reconnects || (isEnd && (await this.isMissing(recent)))) {
      await this.publishAgain(recent);
      recent.reconnects = reconnects;
    }
    const ids = await this.stream.publish(entries);
    recent.add(entries.map((fields, index) => ({ fields, entryId: ids[index]! })));
  }

  /** Whether the stream was flushed, which causes no reconnect. A loss begins with the oldest entries. */
  private async isMissing({ entries }: RecentlyPublished): Promise<boolean> {
    const isLog = ({ fields }: PublishedEntry) => fields.eventType === 'run.log';
    const oldest = [entries.find(isLog), entries.find((entry) => !isLog(entry))].flatMap(
      (entry) => entry?.entryId ?? [],
    );
    return (await this.stream.obtainable(oldest, null)).size < oldest.length;
  }

  private async publishAgain(recent: RecentlyPublished): Promise<void> {
    const entries = [...recent.entries];
    const ids = await this.stream.publish(entries.map(({ fields }) => fields));
    entries.forEach((entry, index) => (entry.entryId = ids[index]!));
  }

  private recentOf(runId: string): RecentlyPublished {
    const recent = this.published.get(runId) ?? new RecentlyPublished(this.stream.reconnects);
    this.published.set(runId, recent);
    return recent;
  }

  private async confirm(attempt: AttemptKey): Promise<void> {
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(2 * waitMs, LOOK_EVERY_MS)) {
      await delay(waitMs);
      try {
        const { stillHeld } = await this.heartbeat(attempt);
        const recent = this.recentOf(attempt.runId);
        // A flush also loses entries, and causes no reconnect.
        if (stillHeld ? waitMs === LOOK_EVERY_MS : await this.isMissing(recent))
          await this.publishAgain(recent);
        if (!stillHeld) return this.forget(attempt);
      } catch (error) {
        this.logger.warn(
          `Checking whether the server has recorded the end of run ${attempt.runId} failed: ${String(error)}`,
        );
      }
    }
  }

  private forget(attempt: AttemptKey): void {
    this.published.delete(attempt.runId);
    this.held.forget(attempt);
  }

  /** Waits until the server has read the log: it ignores log lines of an attempt that was handed back. */
  private async untilRead(): Promise<void> {
    const deadline = performance.now() + READ_WITHIN_MS;
    while (performance.now() < deadline) {
      const group = await this.stream.groups().then(
        (groups) => groups.find(({ name }) => name === API_GROUP),
        () => undefined,
      );
      if (!group || group.lag + group.pending === 0) return;
      await delay(FIRST_LOOK_MS);
    }
  }
}

function logEvent({ runId, attempt }: AttemptKey, lines: LogLineInput[]): RunEvent {
  return {
    eventId: randomUUID(),
    eventType: 'run.log',
    eventVersion: 1,
    occurredAt: lines[0]!.at ?? new Date().toISOString(),
    runId,
    payload: { attempt, lines },
  };
}
