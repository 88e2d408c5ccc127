import type { RunEvent, RunEventType } from '../events/run-event';
import type { RunResult } from '../results/run-result';
import type { RunCommand } from '../runs/run-state';

const SERVER_EVENTS: string[] = ['run.requested', 'run.cancel.requested'] satisfies RunEventType[];

/** Returns true for the types that only this server publishes. */
export function isServerEvent(eventType: string | undefined): boolean {
  return eventType !== undefined && SERVER_EVENTS.includes(eventType);
}

/**
 * Returns the command that an event issues to its run; null for events that change no run state.
 * @param result what became of the file that the event offers as a result
 */
export function commandOf(event: RunEvent, result: RunResult | null = null): RunCommand | null {
  const { occurredAt } = event;
  switch (event.eventType) {
    case 'run.started':
      return { type: 'start', occurredAt, payload: event.payload };
    case 'run.heartbeat':
      return { type: 'heartbeat', occurredAt, payload: event.payload };
    case 'run.progress':
      return { type: 'progress', occurredAt, payload: event.payload };
    case 'run.completed':
      return { type: 'complete', occurredAt, payload: event.payload, result };
    case 'run.failed':
      return { type: 'fail', occurredAt, payload: event.payload };
    case 'run.cancelled':
      return { type: 'confirm-stop', occurredAt, payload: event.payload };
    case 'run.requested':
    case 'run.cancel.requested':
    case 'run.log':
      return null;
  }
}
