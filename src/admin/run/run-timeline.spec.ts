import { after, aNewRun, LATER, RUN_ID, START } from '../../../test/support/a-run';
import type { Run } from '../../runs/run';
import type { PastEvent, PastEvents } from '../../history/run-detail.repository';
import { runTimeline, timelineLines } from './run-timeline';

let position = 0;
const event = (eventType: string, payload: object = {}, more: Partial<PastEvent> = {}): PastEvent => ({
  position: ++position,
  eventType,
  appliedAt: LATER,
  payload: JSON.stringify(payload),
  outcome: 'applied',
  origin: 'worker',
  toPhase: null,
  ...more,
});
const texts = (events: PastEvent[]) => timelineLines(events).map(({ text }) => text);
const past = (first: PastEvent[], more: Partial<PastEvents> = {}): PastEvents => ({
  first,
  last: [],
  gapAfter: null,
  rejected: [],
  unlisted: 0,
  ...more,
});
const ours: Partial<PastEvent> = { origin: 'server' };

it.each<[string, object, Partial<PastEvent>, string]>([
  ['run.requested', { attempt: 1 }, ours, 'Published to workers'],
  ['run.requested', { attempt: 2 }, ours, 'Published to workers as attempt 2'],
  [
    'run.requested',
    { attempt: 2, requestedBy: 'page' },
    ours,
    'Published to workers again, requested manually',
  ],
  ['run.requested', { attempt: 2 }, {}, 'Unknown sender published run.requested; ignored'],
  [
    'run.cancel.requested',
    { reason: 'cancelled-by-user', requestedBy: 'page' },
    {},
    'Unknown sender asked workers to stop; the run itself was not asked to stop',
  ],
  ['run.started', { workerId: 'worker-2', attempt: 1 }, {}, 'worker-2 started attempt 1'],
  ['run.progress', { step: 'fit', stepStatus: 'running' }, {}, 'Step fit started'],
  [
    'run.progress',
    { step: 'fit', stepStatus: 'failed', exitCode: 3 },
    {},
    'Step fit failed with exit code 3',
  ],
  ['run.progress', { step: 'fit', stepStatus: 'failed', exitCode: null }, {}, 'Step fit failed'],
  ['run.progress', { step: 'fit', stepStatus: 'skipped' }, {}, 'Step fit skipped'],
  [
    'run.progress',
    { artifacts: ['a', 'b', 'c', 'd'].map((name) => ({ name })) },
    {},
    'Created a, b, c and 1 more',
  ],
  [
    'run.progress',
    { step: 'fit', stopping: { signal: 'SIGTERM', aliveCount: 1, alive: [{ pid: 7, name: 'python3' }] } },
    {},
    'SIGTERM sent to step fit; still alive: python3 (pid 7)',
  ],
  [
    'run.progress',
    { step: 'fit', stopping: { signal: 'SIGKILL', aliveCount: 0 } },
    {},
    'SIGKILL sent to step fit; all processes have ended',
  ],
  ['run.completed', {}, {}, 'Run completed'],
  [
    'run.completed',
    { status: 'partial', reason: 'quota-reached' },
    {},
    'Run ended as partial: quota used up',
  ],
  ['run.failed', { errorCode: 'NET', message: 'No answer.' }, {}, 'Run failed: No answer. (NET)'],
  [
    'run.cancel.requested',
    { reason: 'cancelled-by-user', requestedBy: 'page' },
    ours,
    'Stop requested manually',
  ],
  [
    'run.cancel.requested',
    { reason: 'cancelled-by-user', requestedBy: 'api' },
    ours,
    'Stop requested via API',
  ],
  [
    'run.cancel.requested',
    { reason: 'timed-out', requestedBy: 'jobato' },
    ours,
    'Stop sent to workers: timed out',
  ],
  ['run.cancelled', {}, {}, 'Worker confirmed the stop; run cancelled'],
  [
    'run.failed',
    {},
    { outcome: 'already-ended' },
    'Second end (run.failed) ignored: the run had already ended',
  ],
  ['run.progress', {}, { outcome: 'already-ended' }, 'run.progress ignored: the run had already ended'],
  ['run.heartbeat', {}, { outcome: 'stale-attempt' }, 'run.heartbeat ignored: sent for an older attempt'],
  [
    'run.started',
    {},
    { outcome: 'other-worker' },
    'run.started ignored: sent by a worker that does not hold the run',
  ],
])('describes %s %j (%j)', (type, payload, more, text) => {
  const [line] = timelineLines([event(type, payload, more)]);
  expect([line!.text, line!.isRefused]).toEqual([text, (more.outcome ?? 'applied') !== 'applied']);
});

it.each<[string, Partial<PastEvent>, string]>([
  ['run.requested', ours, 'Published to workers (too large to show in detail)'],
  ['run.progress', {}, 'Progress report (too large to show in detail)'],
  ['run.completed', { toPhase: 'completed' }, 'Run completed (too large to show in detail)'],
  ['run.completed', { toPhase: 'partial' }, 'Run ended as partial (too large to show in detail)'],
  ['run.failed', { toPhase: 'failed' }, 'Run failed (too large to show in detail)'],
  ['run.log', {}, '1 log batch'],
  ['run.cancelled', { toPhase: 'cancelled' }, 'Worker confirmed the stop; run cancelled'],
])('shows a large %s (%j) without details', (type, more, text) => {
  expect(texts([event(type, {}, { ...more, payload: null })])).toEqual([text]);
});

it('folds consecutive routine events, and identical ones, into one line', () => {
  const progress = () => event('run.progress', { current: 1 });
  const stale = () => event('run.progress', {}, { outcome: 'stale-attempt' });
  expect(
    texts([
      progress(),
      progress(),
      event('run.heartbeat'),
      event('run.log', { lines: 3 }),
      progress(),
      event('run.completed'),
      stale(),
      stale(),
    ]),
  ).toEqual([
    '3 progress reports, 1 heartbeat and 1 log batch',
    'Run completed',
    'run.progress ignored: sent for an older attempt (2 times)',
  ]);
});

it('folds all reports on a signal into one line with the processes alive last', () => {
  const at = (second: number) => `2026-03-01T10:00:${String(second).padStart(2, '0')}.000Z`;
  const report = (signal: string, aliveCount: number, second: number) =>
    event('run.progress', { step: 'fit', stopping: { signal, aliveCount } }, { appliedAt: at(second) });
  const further = (second: number) => event('run.progress', { current: second }, { appliedAt: at(second) });
  expect(
    texts([
      report('SIGTERM', 3, 0),
      further(1),
      report('SIGTERM', 2, 2),
      further(3),
      report('SIGTERM', 1, 9),
      further(10),
      report('SIGKILL', 0, 10),
      event('run.cancelled'),
    ]),
  ).toEqual([
    'SIGTERM sent to step fit; after 9.0 s still alive: 1; meanwhile 2 progress reports',
    '1 progress report',
    'SIGKILL sent to step fit; all processes have ended',
    'Worker confirmed the stop; run cancelled',
  ]);
});

it('begins with the trigger and includes rejected events', () => {
  const rejected = [
    {
      id: 1,
      reason: 'payload is not valid JSON',
      eventType: 'run.log',
      rejectedAt: START,
    },
  ];
  const { first, allEventsHref } = runTimeline(aNewRun(), past([event('run.completed')], { rejected }));
  expect(first.map(({ text }) => text)).toEqual([
    'Accepted, triggered via API: Full pipeline',
    'run.log rejected: payload is not valid JSON',
    'Run completed',
  ]);
  expect([first[1]!.isRefused, allEventsHref]).toEqual([true, null]);
});

it('keeps the order of arrival when the server clock was set back', () => {
  const later = '2026-03-01T12:00:00.000Z';
  const events = [
    event('run.started', { workerId: 'w', attempt: 1 }, { appliedAt: later }),
    event('run.completed', {}, { appliedAt: LATER }),
  ];
  const rejected = [{ id: 1, reason: 'payload is not valid JSON', eventType: 'run.log', rejectedAt: START }];
  expect(runTimeline(aNewRun(), past(events, { rejected })).first.map(({ text }) => text)).toEqual([
    'Accepted, triggered via API: Full pipeline',
    'run.log rejected: payload is not valid JSON',
    expect.stringContaining('w'),
    'Run completed',
  ]);
});

it('adds the end of a run that ended without an event', () => {
  const lost: Run = after(aNewRun(), [
    { type: 'claim', workerId: 'w', leaseSeconds: 1 },
    { type: 'lose-worker', attempt: 1, loss: { kind: 'lease-expired' } },
  ]);
  expect(runTimeline(lost, past([])).first.at(-1)!.text).toBe('Failed: worker lost');
  const told = event('run.failed', { errorCode: 'X', message: 'x' }, { toPhase: 'failed' });
  expect(runTimeline(lost, past([told])).first).toHaveLength(2);
});

it('shows the beginning and the end of a long history, with a link to the rest', () => {
  const began = Array.from({ length: 300 }, (_, index) =>
    event('run.progress', { step: `s${index}`, stepStatus: 'running' }),
  );
  const gap = { last: began.slice(100), gapAfter: began[99]!.position };
  for (const { first, last, allEventsHref } of [
    runTimeline(aNewRun(), past(began)),
    runTimeline(aNewRun(), past(began.slice(0, 100), gap)),
  ]) {
    expect([first.length, last.length, last.at(-1)!.text]).toEqual([20, 100, 'Step s299 started']);
    expect(allEventsHref).toBe(`/runs/${RUN_ID}/timeline?after=${began[0]!.position - 1}`);
  }
});
