import { randomUUID } from 'node:crypto';
import { v7 } from 'uuid';
import type { RunEvent, RunEventType } from '../../events/run-event';
import type { Heard, StreamSide } from './stream-side';

const ENDS: readonly RunEventType[] = ['run.completed', 'run.failed', 'run.cancelled'];

/** The content of a request, without its run. */
export interface RequestContent {
  projectId: string;
  attempt: number;
  /** Additional members of the payload, which override the standard ones. */
  more: object;
}

/** A run requested from the worker under test, with the worker's answers. */
export class AskedRun {
  readonly askedAtMs = Date.now();
  private readonly request: Record<string, string>;

  constructor(
    private readonly side: StreamSide,
    readonly content: RequestContent,
    readonly runId: string = v7(),
  ) {
    const { projectId, attempt, more } = content;
    const payload = {
      projectId,
      scope: 'full',
      steps: [],
      definitionHash: '0'.repeat(64),
      params: {},
      ...more,
    };
    this.request = entry('run.requested', runId, { ...payload, attempt });
  }

  /** Publishes the same entry each time, as an outbox does when it is not sure that a publish succeeded. */
  ask(): Promise<void> {
    return this.side.publish(this.request);
  }

  /** Publishes the same request as a new event. */
  askAnew(): Promise<void> {
    return this.side.publish({ ...this.request, eventId: randomUUID() });
  }

  askToStop(): Promise<void> {
    const payload = { reason: 'cancelled-by-user', requestedBy: 'contract-test' };
    return this.side.publish(entry('run.cancel.requested', this.runId, payload));
  }

  get answers(): Heard[] {
    return this.side.heard.filter(({ fields }) => fields.runId?.toLowerCase() === this.runId);
  }

  get events(): RunEvent[] {
    return this.answers.flatMap(({ event }) => event ?? []);
  }

  /** Returns the distinct events that end this attempt of the run. A repeated event counts once. */
  get ends(): (Heard & { event: RunEvent })[] {
    const seen = new Set<string>();
    return this.answers.filter((heard): heard is Heard & { event: RunEvent } => {
      const { event } = heard;
      if (!event || !ENDS.includes(event.eventType) || !this.isOfAttempt(event)) return false;
      const isNew = !seen.has(event.eventId);
      seen.add(event.eventId);
      return isNew;
    });
  }

  /** Returns the time in ms from the request to the first end. */
  get tookMs(): number {
    return Math.max(0, this.ends[0]!.atMs - this.askedAtMs);
  }

  private isOfAttempt({ payload }: RunEvent): boolean {
    const { attempt = this.content.attempt } = payload as { attempt?: number };
    return attempt === this.content.attempt;
  }
}

/** Returns a stream entry in the format that Jobato writes. */
export function entry(eventType: string, runId: string, payload: object): Record<string, string> {
  return {
    eventId: randomUUID(),
    eventType,
    eventVersion: '1',
    occurredAt: new Date().toISOString(),
    runId,
    payload: JSON.stringify(payload),
  };
}
