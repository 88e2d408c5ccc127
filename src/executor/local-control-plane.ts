import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock/clock';
import type { EventStream } from '../events/event-stream';
import { type LogLineInput, type RunEvent, toStreamFields } from '../events/run-event';
import { LEASE_SECONDS } from '../runs/lease';
import type { RunClaims } from '../runs/run-claims';
import type { AttemptKey, ControlPlane, RejectedEvent, Standing } from './control-plane';

/** The server that the worker is a part of. */
export class LocalControlPlane implements ControlPlane {
  readonly heartbeatEveryMs = (LEASE_SECONDS * 1000) / 3;
  readonly learnsRejections = false;

  constructor(
    private readonly workerId: string,
    private readonly stream: EventStream,
    private readonly claims: RunClaims,
    private readonly clock: Clock,
  ) {}

  async heartbeat(key: AttemptKey): Promise<Standing> {
    const { runId, attempt } = key;
    await this.publish(key, [
      {
        eventId: randomUUID(),
        eventType: 'run.heartbeat',
        eventVersion: 1,
        occurredAt: this.clock.now(),
        runId,
        payload: { workerId: this.workerId, attempt, leaseSeconds: LEASE_SECONDS },
      },
    ]);
    return this.claims.standing(runId, attempt);
  }

  /** Only reads, so it works even if the database is not writable. */
  standing({ runId, attempt }: AttemptKey): Promise<Standing> {
    return this.claims.standing(runId, attempt);
  }

  async publish(_attempt: AttemptKey, events: RunEvent[]): Promise<RejectedEvent[]> {
    if (this.stream.isVolatile) await this.claims.tell(events);
    else await this.stream.publish(events.map(toStreamFields));
    return [];
  }

  appendLog({ runId, attempt }: AttemptKey, lines: LogLineInput[]): Promise<{ accepting: boolean }> {
    return this.claims.appendLog(runId, attempt, lines);
  }

  async storeArtifact(): Promise<void> {
    // The file is already where readers look for it.
  }

  async finished(): Promise<void> {
    // Published events are as durable as the run itself.
  }

  async handBack(): Promise<void> {
    // The worker releases all its runs at once, after its published events are applied.
  }
}
