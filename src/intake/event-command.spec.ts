import { LATER, RUN_ID } from '../../test/support/a-run';
import { PAYLOAD_SCHEMAS } from '../events/event-schemas';
import type { RunEvent, RunEventType } from '../events/run-event';
import { commandOf } from './event-command';

const PAYLOADS: { [Type in RunEventType]: Extract<RunEvent, { eventType: Type }>['payload'] } = {
  'run.requested': {
    projectId: 'demo',
    scope: 'full',
    steps: [],
    definitionHash: 'f',
    params: {},
    attempt: 1,
  },
  'run.started': { workerId: 'w', attempt: 1, leaseSeconds: 30 },
  'run.heartbeat': { workerId: 'w', attempt: 1 },
  'run.progress': { step: 'fetch', current: 1 },
  'run.log': { lines: [{ text: 'hello' }] },
  'run.completed': { newJobsCount: 1 },
  'run.failed': { errorCode: 'E', message: 'm' },
  'run.cancel.requested': { reason: 'cancelled-by-user', requestedBy: 'ada' },
  'run.cancelled': { attempt: 1 },
};
const eventOf = (eventType: RunEventType) =>
  ({
    eventId: '00000000-0000-4000-8000-000000000001',
    eventType,
    eventVersion: 1,
    occurredAt: LATER,
    runId: RUN_ID,
    payload: PAYLOADS[eventType],
  }) as RunEvent;

describe('commandOf', () => {
  it.each<[RunEventType, string]>([
    ['run.started', 'start'],
    ['run.heartbeat', 'heartbeat'],
    ['run.progress', 'progress'],
    ['run.completed', 'complete'],
    ['run.failed', 'fail'],
    ['run.cancelled', 'confirm-stop'],
  ])('maps %s to the command %s with its time and payload', (eventType, type) =>
    expect(commandOf(eventOf(eventType))).toEqual({
      type,
      occurredAt: LATER,
      payload: PAYLOADS[eventType],
      ...(type === 'complete' && { result: null }),
    }),
  );

  it.each<RunEventType>(['run.requested', 'run.cancel.requested', 'run.log'])(
    'maps %s to no command',
    (eventType) => expect(commandOf(eventOf(eventType))).toBeNull(),
  );

  it('is tested with every event type', () =>
    expect(Object.keys(PAYLOADS).sort()).toEqual(Object.keys(PAYLOAD_SCHEMAS).sort()));
});
