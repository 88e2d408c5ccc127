import { randomUUID } from 'node:crypto';
import { v7 } from 'uuid';
import type { RunEvent, RunEventType } from '../../events/run-event';
import type { Heard, StreamSide } from './stream-side';

const ENDS: readonly RunEventType[] = ['run.completed', 'run.failed', 'run.cancelled'];

/** What a request says, beside its run. */
export interface RequestContent {
  projectId: string;
  attempt: number;
  /** Members of the payload beside those that every request has. */
  more: object;
}

/** A run that the worker under test was asked for, and what it has answered. */
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

  /** The same entry each time, as an outbox that was not sure sends it again. */
  ask(): Promise<void> {
    return this.side.publish(this.request);
  }

  /** The same request as a new event. */
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

  /** Different events that end this attempt of the run; one that is said again is one. */
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

  /** How long the worker took to its first end. */
  get tookMs(): number {
    return Math.max(0, this.ends[0]!.atMs - this.askedAtMs);
  }

  private isOfAttempt({ payload }: RunEvent): boolean {
    const { attempt = this.content.attempt } = payload as { attempt?: number };
    return attempt === this.content.attempt;
  }
}

/** An entry of the stream as Jobato writes it. */
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
