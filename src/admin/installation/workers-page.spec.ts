import { after, aNewRun, LATER, START } from '../../../test/support/a-run';
import { type ReportingHabit, UNKNOWN_HABIT } from '../../runs/reporting-habits';
import { type Waiting, waitingFor } from '../../runs/waiting';
import { versionOf } from '../page/live';
import { workersPage } from './workers-page';

const claimed = after(aNewRun(), [{ type: 'claim', workerId: 'w', leaseSeconds: 60 }], START);
const waiting = { ...aNewRun({ projectId: 'other' }), runId: '019ca9d6-8580-7000-8000-000000000002' };
const FACTS = { unpublished: false, stepWorkers: { slots: 0, busy: 0 }, consumers: [] };
const waitingByRun = new Map<string, Waiting>([[waiting.runId, waitingFor(waiting, FACTS, LATER)!]]);
const name = (projectId: string) => projectId.toUpperCase();

it('shows the runs of each worker, their start, and the unclaimed runs', () => {
  const workers = [
    { workerId: 'w', kind: 'external' as const, lastHeardAt: START, slots: null, runIds: [claimed.runId] },
    { workerId: 'ours', kind: 'embedded' as const, lastHeardAt: LATER, slots: 2, runIds: [] },
  ];
  const page = workersPage(workers, [], [claimed, waiting], waitingByRun, new Map(), name, LATER);
  expect(page.workers).toMatchObject([
    {
      kind: 'External',
      lastHeard: { ago: { text: '5 min 0 s' }, at: { datetime: START } },
      runs: [{ projectName: 'DEMO', since: { text: '5 min 0 s' }, href: `/runs/${claimed.runId}` }],
    },
    { kind: 'Embedded', lastHeard: null, slots: 2, runs: [] },
  ]);
  expect(page.waiting).toMatchObject([
    {
      projectName: 'OTHER',
      words: [{}, { at: { datetime: START } }, {}, {}, { text: 'Start a worker: npm run worker.' }],
      stopAction: `/runs/${waiting.runId}/stop`,
    },
  ]);
});

it('shows how long a consumer has been idle', () => {
  const idle = { name: 'c', pending: 1, idleMs: 61_000 };
  const polling = { name: 'd', pending: 0, idleMs: 5000 };
  const groups = [{ name: 'jobato-workers', lag: 3000, pending: 1, consumers: [idle, polling] }];
  expect(workersPage([], groups, [], new Map(), new Map(), name, LATER).groups).toEqual([
    {
      name: 'jobato-workers',
      lag: '3,000',
      pending: '1',
      consumers: [
        { name: 'c', pending: '1', sinceLastPoll: { text: '1 min 1 s', tickingFromMs: 61_000 } },
        { name: 'd', pending: '0', sinceLastPoll: null },
      ],
    },
  ]);
});

it('lists projects whose workers report only at the end, after the first such report', () => {
  const reported: ReportingHabit = {
    reports: 'only-at-end',
    typicalMs: 4000,
    lastReport: { runId: claimed.runId, at: START },
  };
  const habits = new Map([
    ['jobs', reported],
    ['new', UNKNOWN_HABIT],
  ]);
  expect(workersPage([], [], [], new Map(), habits, name, LATER).reportOnlyAtEnd).toEqual([
    {
      projectName: 'JOBS',
      href: '/projects/jobs',
      lastReport: expect.objectContaining({ datetime: START }),
      runHref: `/runs/${claimed.runId}`,
    },
  ]);
});

it('keeps its version until something that it shows changes, not as time passes', () => {
  const external = {
    workerId: 'w',
    kind: 'external' as const,
    lastHeardAt: START,
    slots: null,
    runIds: [claimed.runId],
  };
  const group = {
    name: 'jobato-workers',
    lag: 0,
    pending: 1,
    consumers: [{ name: 'c', pending: 1, idleMs: 61_000 }],
  };
  const idleFor = (idleMs: number) => ({ ...group, consumers: [{ ...group.consumers[0]!, idleMs }] });
  const seen = (...idleMs: number[]) =>
    new Map<string, Waiting>([
      [
        waiting.runId,
        {
          code: 'no-worker-yet',
          executor: 'elsewhere',
          consumers: idleMs.map((ms) => ({ group: 'g', name: 'c', idleMs: ms })),
        },
      ],
    ]);
  const version = (worker = external, now = LATER, state = group, waits = seen(3000), run = claimed) =>
    versionOf(workersPage([worker], [state], [run, waiting], waits, new Map(), name, now));
  const same = version();
  const later = (ms: number) => new Date(Date.parse(LATER) + ms).toISOString();
  expect(version(external, later(38_000), idleFor(99_000))).toBe(same);
  expect(version(external, LATER, group, seen(12_000))).toBe(same);
  const versions = [
    same,
    version({ ...external, lastHeardAt: LATER }),
    version({ ...external, runIds: [] }),
    version(external, later(120_000), idleFor(61_000)), // it has polled since
    version(external, LATER, idleFor(3000)),
    version(external, LATER, { ...group, lag: 3 }),
    version(external, LATER, { ...group, consumers: [] }),
    version(external, LATER, group, seen()),
    version(external, LATER, group, seen(3000, 4000)),
    version(external, LATER, group, seen(3000), {
      ...claimed,
      progress: { step: 'parse', current: 3, total: 12, message: null },
    }),
  ];
  expect(new Set(versions).size).toBe(versions.length);
});
