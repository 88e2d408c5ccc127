import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventStream } from '../events/event-stream';
import { type LogLineInput, type RunEvent, toStreamFields } from '../events/run-event';
import type { ArtifactFiles } from '../runs/artifact-files';
import type { AttemptKey } from './control-plane';
import type { HeldRuns } from './held-runs';
import { HttpControlPlane } from './http-control-plane';
import { logPortions } from './log-portions';
import type { WorkerApi } from './worker-api';

const FIRST_LOOK_MS = 50;
const LOOK_EVERY_MS = 3000;

/** A server elsewhere that hears what is said by the event stream, and is called for what needs an answer. */
export class StreamControlPlane extends HttpControlPlane {
  /** A stop comes by the stream; the answer to a heartbeat tells of it where the stream lost it. */
  override readonly heartbeatEveryMs = 5000;
  private readonly unconfirmed = new Set<Promise<void>>();
  private readonly logBytes = new Map<string, number>();

  constructor(
    api: WorkerApi,
    held: HeldRuns,
    artifacts: ArtifactFiles,
    private readonly stream: EventStream,
    private readonly logLimitBytes: number,
  ) {
    super(api, held, artifacts);
  }

  override publish(events: RunEvent[]): Promise<void> {
    return this.stream.publish(events.map(toStreamFields));
  }

  /** The stream does not tell when the server has enough, so this worker keeps to its own LOG_LIMIT_MB. */
  override async appendLog(
    { runId, attempt }: AttemptKey,
    lines: LogLineInput[],
    firstNumber: number,
  ): Promise<{ accepting: boolean }> {
    const before = this.logBytes.get(runId) ?? 0;
    let bytes = before;
    for (const portion of logPortions(lines, firstNumber)) {
      await this.publish([
        {
          eventId: randomUUID(),
          eventType: 'run.log',
          eventVersion: 1,
          occurredAt: portion[0]!.at ?? new Date().toISOString(),
          runId,
          payload: { attempt, lines: portion },
        },
      ]);
      bytes += portion.reduce((sum, { text }) => sum + Buffer.byteLength(text) + 1, 0);
      // Past it on purpose: the line with which the server says so has to have a reason.
      if (bytes > this.logLimitBytes) return { accepting: false };
    }
    this.logBytes.set(runId, bytes);
    return { accepting: true };
  }

  /**
   * What the stream took may be lost with it, and of how a run ended there is no second witness: it is said again
   * until the server has it. That goes on beside, and the place is free for the next run.
   */
  override async finished(attempt: AttemptKey, end: RunEvent | null): Promise<void> {
    this.logBytes.delete(attempt.runId);
    await this.clear(attempt);
    if (end === null) return this.held.forget(attempt);
    const confirming: Promise<void> = this.confirm(attempt, end).finally(() =>
      this.unconfirmed.delete(confirming),
    );
    this.unconfirmed.add(confirming);
  }

  override async handBack(attempt: AttemptKey): Promise<void> {
    this.logBytes.delete(attempt.runId);
    await super.handBack(attempt);
  }

  override async settled(): Promise<void> {
    await Promise.all(this.unconfirmed);
  }

  private async confirm(attempt: AttemptKey, end: RunEvent): Promise<void> {
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(2 * waitMs, LOOK_EVERY_MS)) {
      await delay(waitMs);
      try {
        const { stillHeld } = await this.heartbeat(attempt);
        if (!stillHeld) return this.held.forget(attempt);
        if (waitMs === LOOK_EVERY_MS) await this.publish([end]);
      } catch (error) {
        this.logger.warn(
          `Whether the end of run ${attempt.runId} is known cannot be learnt: ${String(error)}`,
        );
      }
    }
  }
}
