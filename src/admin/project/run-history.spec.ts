import { aNewRun, LATER, RUN_ID } from '../../../test/support/a-run';
import type { Run } from '../../runs/run';
import type { HistoryPage } from '../../history/run-history.repository';
import type { ScheduleRecord } from '../../schedules/schedule-record';
import {
  historyFilter,
  historyParameters,
  historyQuery,
  type HistoryQuery,
  WHOLE_HISTORY,
} from './history-query';
import { runHistory } from './run-history';
import { NOTHING_SKIPPED } from './skipped-starts';

const none = { count: 0, isCapped: false };
const counts = {
  running: { count: 1, isCapped: false },
  completed: { count: 10_001, isCapped: true },
  partial: none,
  failed: { count: 3, isCapped: false },
  cancelled: none,
};
const pageOf = (more: Partial<HistoryPage> = {}): HistoryPage => ({
  items: [aNewRun()],
  newerThan: null,
  olderThan: null,
  above: null,
  searchedBackTo: null,
  ...more,
});
const historyOf = (query: Partial<HistoryQuery> = {}, page = pageOf(), skipped = NOTHING_SKIPPED) =>
  runHistory(
    {
      projectId: 'demo',
      stepNames: ['fetch', 'parse', 'report'],
      scopes: ['full', 'from:parse'],
      metricNames: ['newJobsCount'],
      isDisabled: false,
      page,
      counts,
      skipped,
      query: { ...WHOLE_HISTORY, ...query },
    },
    LATER,
  );

it('shows each run with one cell per step and a text label', () => {
  const { rows } = historyOf();
  expect(rows).toMatchObject([
    {
      href: `/runs/${RUN_ID}`,
      scope: 'Full pipeline',
      trigger: 'API',
      stepCells: { label: 'fetch pending, parse pending, report pending' },
    },
  ]);
});

it('shows number, starter, start time, parameters and metrics of each run', () => {
  const metrics = { newJobsCount: 1200, seconds: 4 };
  const run = { ...aNewRun(), number: 14, triggeredByName: 'ada', metrics };
  expect(historyOf({}, pageOf({ items: [run] })).rows).toMatchObject([
    {
      number: '#14',
      starter: { name: 'ada', href: '/projects/demo?triggeredByName=ada#run-history' },
      startedAt: { text: '2026-03-01 10:00:00 UTC', toTheSecond: true },
      params: 'depth 2',
      metrics: 'New jobs 1,200',
    },
  ]);
});

it('aligns cells of the same step, and puts removed steps in the last columns', () => {
  const only = (names: string[]): Run => ({
    ...aNewRun(),
    steps: names.map((name) => ({
      name,
      status: 'failed',
      startedAt: LATER,
      endedAt: LATER,
      exitCode: 3,
    })),
  });
  const { columns, rows } = historyOf({}, pageOf({ items: [only(['parse']), only(['fetch', 'old'])] }));
  expect(columns).toEqual(['fetch', 'parse', 'report', 'old']);
  expect(rows.map(({ stepCells }) => stepCells.cells.map(({ icon }) => icon))).toEqual([
    ['', '✕', '', ''],
    ['✕', '', '', '✕'],
  ]);
  expect(rows[0]!.stepCells.cells[1]!.title).toBe('parse failed after 0 ms, exit code 3');
});

it('counts runs by status, and caps large counts', () =>
  expect(historyOf().tabs.map(({ label, count }) => `${label} ${count}`)).toEqual([
    'All 10,000+',
    'Running 1',
    'Completed 10,000+',
    'Partial 0',
    'Failed 3',
    'Cancelled 0',
  ]));

it('links to newer, older and newest runs with the same filters', () => {
  const history = historyOf(
    { status: 'failed', search: 'a b', place: { direction: 'older', runId: RUN_ID } },
    pageOf({ newerThan: 'n', olderThan: 'o' }),
  );
  const base = '/projects/demo?status=failed&search=a+b';
  expect(history).toMatchObject({
    newestHref: `${base}#run-history`,
    newerHref: `${base}&after=n#run-history`,
    olderHref: `${base}&before=o#run-history`,
  });
  expect(history.tabs.find(({ isCurrent }) => isCurrent)?.label).toBe('Failed');
  expect(history.rows[0]!.selectHref).toBe(`${base}&run=${RUN_ID}&before=${RUN_ID}#detail-footer`);
});

it('shows a chip for each active filter, with a link that removes it', () => {
  const { chips, clearHref } = historyOf({
    scope: 'from:parse',
    triggeredBy: 'api',
    from: '2026-03-01',
    zone: 'Asia/Tokyo',
  });
  expect(chips.map(({ label }) => label)).toEqual([
    'From parse',
    'Trigger: API',
    'From 2026-03-01 (Asia/Tokyo)',
  ]);
  expect(chips[1]!.href).toBe(
    '/projects/demo?scope=from%3Aparse&from=2026-03-01&zone=Asia%2FTokyo#run-history',
  );
  expect(clearHref).toBe('/projects/demo#run-history');
});

it.each<[string, Partial<HistoryQuery>, Partial<HistoryPage>]>([
  ['No runs yet. Press Run above to start the first one.', {}, {}],
  ['No failed run.', { status: 'failed' }, {}],
  ['The From day is after the To day, so no run matches.', { from: '2026-03-02', to: '2026-03-01' }, {}],
  [
    'No failed run of scope only:parse in this period.',
    { status: 'failed', scope: 'only:parse', period: '7d' },
    {},
  ],
  [
    'No run triggered by schedule with “x” so far.',
    { triggeredBy: 'schedule', search: 'x' },
    { searchedBackTo: LATER },
  ],
])('explains an empty list: %s', (text, query, page) =>
  expect(historyOf(query, pageOf({ items: [], ...page })).emptyText).toBe(text),
);

describe('history URL', () => {
  it('keeps all query parameters in a round trip', () => {
    const address = {
      status: 'failed',
      scope: 'full',
      triggeredBy: 'api',
      from: '2026-03-01',
      to: '2026-03-29',
      search: 'NETWORK_ERROR',
      run: RUN_ID,
      zone: 'Europe/Berlin',
      before: RUN_ID,
    };
    expect(Object.fromEntries(historyParameters(historyQuery(address)))).toEqual(address);
  });

  it('ignores invalid query parameters', () =>
    expect(
      historyQuery({
        status: 'odd',
        triggeredBy: ['api'],
        period: '2y',
        from: '2026-02-31',
        zone: 'Nowhere',
        search: '  ',
        before: 'x',
        run: '../',
      }),
    ).toEqual(WHOLE_HISTORY));

  it('interprets days in their zone, including days of 23 hours', () => {
    const query = historyQuery({ from: '2026-03-29', to: '2026-03-29', zone: 'Europe/Berlin' });
    const { fromMs, toMs } = historyFilter('demo', query, 0);
    expect(new Date(fromMs!).toISOString()).toBe('2026-03-28T23:00:00.000Z');
    expect(new Date(toMs!).toISOString()).toBe('2026-03-29T21:59:59.999Z');
  });
});

it('shows due times without a run between the runs, also without any run', () => {
  const due = (dueAt: string): ScheduleRecord => ({
    ...{
      projectId: 'demo',
      schedule: 'night',
      dueAt,
      outcome: 'refused',
      runId: null,
      reason: 'QUOTA_REACHED',
    },
    ...{ detail: 'The quota is used up.', until: null, count: 1, recordedAt: dueAt },
  });
  const records = [due('2027-03-01T02:00:00.000Z'), due('2020-03-01T02:00:00.000Z')];
  const { rows, skipped, allSkippedHref } = historyOf({}, pageOf(), { records, isCut: true });
  expect(rows[0]!.skipped).toMatchObject([
    { schedule: 'night', due: { text: '2027-03-01 02:00 UTC' }, detail: 'The quota is used up.' },
  ]);
  expect(skipped).toMatchObject([{ due: { text: '2020-03-01 02:00 UTC' } }]);
  expect(allSkippedHref).toBe('/api/projects/demo/schedule/records');
  const noRuns = historyOf({}, pageOf({ items: [] }), { records, isCut: false });
  expect(noRuns).toMatchObject({ hasRows: true, rows: [], skipped: [{}], allSkippedHref: null });
  expect(historyOf({}, pageOf({ items: [] })).hasRows).toBe(false);
});
