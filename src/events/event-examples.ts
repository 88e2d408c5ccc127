import type { RunEventMap, RunEventOf, RunEventType } from './run-event';

const RUN_ID = '019ca9d6-8580-7000-8000-000000000001';

/** One example of each event type, in the order of a run. Published with the schemas; a test validates them. */
export const EVENT_EXAMPLES: { [Type in RunEventType]: RunEventOf<Type> } = {
  'run.requested': example('run.requested', 1, '10:00:00.000', {
    projectId: 'jobs',
    scope: 'full',
    steps: [],
    definitionHash: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
    params: { depth: 2 },
    attempt: 1,
    runInputs: [
      {
        queryId: 'ts',
        queryText: 'typescript',
        domain: 'example.com',
        searchQuery: 'site:example.com typescript',
      },
    ],
    quota: { remaining: 38, concurrencyLimit: 2 },
  }),
  'run.started': example('run.started', 2, '10:00:00.120', {
    workerId: 'python-1',
    attempt: 1,
    leaseSeconds: 60,
  }),
  'run.heartbeat': example('run.heartbeat', 3, '10:00:20.000', {
    workerId: 'python-1',
    attempt: 1,
    leaseSeconds: 60,
  }),
  'run.progress': example('run.progress', 4, '10:00:21.300', {
    attempt: 1,
    step: 'search',
    stepStatus: 'running',
    current: 3,
    total: 10,
    message: 'site:example.com typescript',
    metrics: { pagesCount: 40 },
    quotaUsed: 1,
  }),
  'run.log': example('run.log', 5, '10:00:21.400', {
    attempt: 1,
    lines: [
      { n: 1, at: '2026-03-01T10:00:21.350Z', stream: 'stdout', step: 'search', text: 'Read 40 pages' },
      { n: 2, at: '2026-03-01T10:00:21.390Z', stream: 'stderr', step: 'search', text: '1 page not found' },
      { stream: 'stdout', step: 'search', open: true, text: 'Reading page 41 of 120' },
    ],
  }),
  'run.completed': example('run.completed', 6, '10:04:03.000', {
    attempt: 1,
    status: 'completed',
    newJobsCount: 12,
    relevantCount: 5,
    issuedCalls: 10,
    zeroResults: [{ queryText: 'cobol', domain: 'example.com', occurredAt: '2026-03-01T10:03:58.000Z' }],
    metrics: { pagesCount: 131 },
    artifacts: [{ name: 'jobs.csv', size: 20480 }],
  }),
  'run.failed': example('run.failed', 7, '10:04:03.000', {
    attempt: 1,
    errorCode: 'NETWORK_ERROR',
    message: 'example.com did not respond after 3 tries.',
    step: 'search',
  }),
  'run.cancel.requested': example('run.cancel.requested', 8, '10:02:00.000', {
    reason: 'cancelled-by-user',
    requestedBy: 'api',
  }),
  'run.cancelled': example('run.cancelled', 9, '10:02:01.250', { attempt: 1 }),
};

function example<Type extends RunEventType>(
  eventType: Type,
  number: number,
  time: string,
  payload: RunEventMap[Type],
): RunEventOf<Type> {
  return {
    eventId: `0b5f3c1e-8a55-4c1e-9d2f-00000000000${number}`,
    eventType,
    eventVersion: 1,
    occurredAt: `2026-03-01T${time}Z`,
    runId: RUN_ID,
    payload,
  };
}
