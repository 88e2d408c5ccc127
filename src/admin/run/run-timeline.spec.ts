import { after, aNewRun, LATER, RUN_ID, START } from '../../../test/support/a-run';
import type { Run } from '../../runs/run';
import type { PastEvent, PastEvents } from '../../runs/run-past';
import { runTimeline, timelineLines } from './run-timeline';

let position = 0;
const event = (eventType: string, payload: object = {}, more: Partial<PastEvent> = {}) => ({
  position: ++position,
  eventType,
  appliedAt: LATER,
  payload: JSON.stringify(payload),
  outcome: 'applied',
  effect: null,
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
const known = { effect: 'made known to workers' };

it.each<[string, object, Partial<PastEvent>, string]>([
  ['run.requested', { attempt: 1 }, known, 'Made known to workers'],
  ['run.requested', { attempt: 2 }, known, 'Made known to workers again, as attempt 2'],
  [
    'run.requested',
    { attempt: 2 },
    {},
    'Somebody else said that the run was requested; that changed nothing',
  ],
  ['run.started', { workerId: 'worker-2', attempt: 1 }, {}, 'worker-2 began (attempt 1)'],
  ['run.progress', { step: 'fit', stepStatus: 'running' }, {}, 'Step fit began'],
  [
    'run.progress',
    { step: 'fit', stepStatus: 'failed', exitCode: 3 },
    {},
    'Step fit failed with exit code 3',
  ],
  ['run.progress', { step: 'fit', stepStatus: 'failed', exitCode: null }, {}, 'Step fit failed'],
  ['run.progress', { step: 'fit', stepStatus: 'skipped' }, {}, 'Step fit was skipped'],
  [
    'run.progress',
    { artifacts: ['a', 'b', 'c', 'd'].map((name) => ({ name })) },
    {},
    'Made a, b, c and 1 more',
  ],
  [
    'run.progress',
    { step: 'fit', stopping: { signal: 'SIGTERM', aliveCount: 1, alive: [{ pid: 7, name: 'python3' }] } },
    {},
    'SIGTERM sent to step fit; alive: python3 (pid 7)',
  ],
  [
    'run.progress',
    { step: 'fit', stopping: { signal: 'SIGKILL', aliveCount: 0 } },
    {},
    'SIGKILL sent to step fit; nothing of it is alive any more',
  ],
  ['run.completed', {}, {}, 'The run completed'],
  [
    'run.completed',
    { status: 'partial', reason: 'quota-reached' },
    {},
    'The run ended as partial: the quota was reached',
  ],
  ['run.failed', { errorCode: 'NET', message: 'No answer.' }, {}, 'The run failed: No answer. (NET)'],
  [
    'run.cancel.requested',
    { reason: 'cancelled-by-user', requestedBy: 'page' },
    known,
    'Stop asked for by a person',
  ],
  [
    'run.cancel.requested',
    { reason: 'cancelled-by-user', requestedBy: 'api' },
    known,
    'Stop asked for through the API',
  ],
  [
    'run.cancel.requested',
    { reason: 'timed-out', requestedBy: 'jobato' },
    known,
    'Workers were told to let go: it took longer than allowed',
  ],
  ['run.cancelled', {}, {}, 'The worker confirmed that it has stopped; the run is cancelled'],
  [
    'run.failed',
    {},
    { outcome: 'already-ended' },
    'A second end (run.failed) arrived and changed nothing: the run had already ended',
  ],
  [
    'run.progress',
    {},
    { outcome: 'already-ended' },
    'run.progress arrived and changed nothing: the run had already ended',
  ],
  [
    'run.heartbeat',
    {},
    { outcome: 'stale-attempt' },
    'run.heartbeat of an older attempt arrived and changed nothing',
  ],
  [
    'run.started',
    {},
    { outcome: 'other-worker' },
    'run.started came from a worker that does not have the run, and changed nothing',
  ],
])('says what %s %j (%j) did', (type, payload, more, text) => {
  const [line] = timelineLines([event(type, payload, more)]);
  expect([line!.text, line!.isRefused]).toEqual([text, (more.outcome ?? 'applied') !== 'applied']);
});

it.each<[string, string | null, string]>([
  ['run.requested', 'made known to workers', 'Made known to workers (too large to be shown in detail)'],
  ['run.progress', null, 'Progress was reported (too large to be shown in detail)'],
  ['run.completed', 'active → completed', 'The run completed (too large to be shown in detail)'],
  ['run.completed', 'active → partial', 'The run ended as partial (too large to be shown in detail)'],
  ['run.failed', 'active → failed', 'The run failed (too large to be shown in detail)'],
  ['run.log', null, '1 portion of log lines'],
  ['run.cancelled', 'stopping → cancelled', 'The worker confirmed that it has stopped; the run is cancelled'],
])('tells a large %s (%s) without details', (type, effect, text) => {
  expect(texts([event(type, {}, { effect, payload: null })])).toEqual([text]);
});

it('makes one line of what is said over and over', () => {
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
    '3 progress reports, 1 sign of life and 1 portion of log lines',
    'The run completed',
    'run.progress of an older attempt arrived and changed nothing (2 times)',
  ]);
});

it('says once that a signal was sent, and who was alive last, whatever else is said meanwhile', () => {
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
    'SIGTERM sent to step fit; after 9.0 s alive: 1; meanwhile 2 progress reports',
    '1 progress report',
    'SIGKILL sent to step fit; nothing of it is alive any more',
    'The worker confirmed that it has stopped; the run is cancelled',
  ]);
});

it('begins with how the run came about, and puts in what was rejected', () => {
  const rejected = [
    {
      id: 1,
      reason: 'payload is not JSON',
      eventType: 'run.log',
      rejectedAt: START,
    },
  ];
  const { first, betweenHref } = runTimeline(aNewRun(), past([event('run.completed')], { rejected }));
  expect(first.map(({ text }) => text)).toEqual([
    'Accepted through the API: Full pipeline',
    'run.log arrived and could not be applied: payload is not JSON',
    'The run completed',
  ]);
  expect([first[1]!.isRefused, betweenHref]).toEqual([true, null]);
});

it('keeps events in the order of their arrival where the clock of the server was set back', () => {
  const later = '2026-03-01T12:00:00.000Z';
  const events = [
    event('run.started', { workerId: 'w', attempt: 1 }, { appliedAt: later }),
    event('run.completed', {}, { appliedAt: LATER }),
  ];
  const rejected = [{ id: 1, reason: 'payload is not JSON', eventType: 'run.log', rejectedAt: START }];
  expect(runTimeline(aNewRun(), past(events, { rejected })).first.map(({ text }) => text)).toEqual([
    'Accepted through the API: Full pipeline',
    'run.log arrived and could not be applied: payload is not JSON',
    expect.stringContaining('w'),
    'The run completed',
  ]);
});

it('says how the run ended where no event did', () => {
  const lost: Run = after(aNewRun(), [
    { type: 'claim', workerId: 'w', leaseSeconds: 1 },
    { type: 'lose-worker', attempt: 1, message: 'gone' },
  ]);
  expect(runTimeline(lost, past([])).first.at(-1)!.text).toBe('Failed: its worker was lost');
  const told = event('run.failed', { errorCode: 'X', message: 'x' }, { effect: 'active → failed' });
  expect(runTimeline(lost, past([told])).first).toHaveLength(2);
});

it('shows the beginning and the end of a long history, and where the rest is', () => {
  const began = Array.from({ length: 300 }, (_, index) =>
    event('run.progress', { step: `s${index}`, stepStatus: 'running' }),
  );
  const gap = { last: began.slice(100), gapAfter: began[99]!.position };
  for (const { first, last, betweenHref } of [
    runTimeline(aNewRun(), past(began)),
    runTimeline(aNewRun(), past(began.slice(0, 100), gap)),
  ]) {
    expect([first.length, last.length, last.at(-1)!.text]).toEqual([20, 100, 'Step s299 began']);
    expect(betweenHref).toBe(`/runs/${RUN_ID}/timeline?after=${began[0]!.position - 1}`);
  }
});
