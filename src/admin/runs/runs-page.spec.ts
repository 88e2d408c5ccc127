import { aNewRun, LATER, RUN_ID, START } from '../../../test/support/a-run';
import type { HistoryPage } from '../../history/run-history.repository';
import type { Run } from '../../runs/run';
import { type RunsFacts, runsPage } from './runs-page';
import { runsQuery } from './runs-query';

const PAGE: HistoryPage = { items: [], newerThan: null, olderThan: null, above: null, searchedBackTo: null };
const pageOf = (address: Record<string, string>, more: Partial<RunsFacts> = {}) =>
  runsPage(
    {
      query: runsQuery(address),
      page: PAGE,
      projects: new Map([['demo', 'Demo']]),
      errorLines: new Map(),
      ...more,
    },
    LATER,
  );
const rowOf = (run: Partial<Run>, errorLines: [string, string][] = []) =>
  pageOf(
    {},
    {
      page: { ...PAGE, items: [{ ...aNewRun(), ...run }] },
      errorLines: new Map(errorLines),
    },
  ).rows[0]!;
const failed = { status: 'failed', endedAt: LATER } as const;
const selectedOf = (options: { label: string; isSelected: boolean }[]) =>
  options.filter(({ isSelected }) => isSelected).map(({ label }) => label);

describe('row of a run', () => {
  it('links the run and its project', () => {
    expect(rowOf({ number: 14, triggeredBy: 'schedule', triggeredByName: 'weekly' })).toMatchObject({
      number: '#14',
      href: `/runs/${RUN_ID}`,
      project: { name: 'Demo', href: '/projects/demo' },
      startedAt: { datetime: START },
      trigger: 'Schedule',
      starter: 'weekly',
    });
    expect(rowOf({ projectId: 'gone' }).project).toEqual({ name: 'gone', href: '/projects/gone' });
  });

  it('shows the last line of the error', () => {
    const error = { code: 'X', message: 'First line\nLast line\n' };
    expect(rowOf({ ...failed, error }, [[RUN_ID, 'ValueError: 3']]).detail).toBe('ValueError: 3');
    expect(rowOf({ ...failed, error }).detail).toBe('Last line');
    expect(rowOf({ ...failed, error: { code: 'TIMED_OUT', message: null } }).detail).toMatch(/took longer/);
    expect(rowOf({ status: 'partial', statusReason: 'quota-reached', endedAt: LATER }).detail).toBe(
      'quota used up',
    );
    expect(rowOf({ status: 'completed', endedAt: LATER }).detail).toBeNull();
    expect(rowOf({}).detail).toBeNull();
  });

  it('shows a few artifacts, and counts the others', () => {
    const artifacts = ['a b.csv', 'c.csv', 'd.csv', 'e.csv'].map((name) => ({ name, size: 1 }));
    expect(rowOf({ artifacts })).toMatchObject({
      artifacts: [
        { name: 'a b.csv', href: `/runs/${RUN_ID}/artifacts/a%20b.csv` },
        { name: 'c.csv', href: `/runs/${RUN_ID}/artifacts/c.csv` },
      ],
      moreArtifacts: '2',
    });
    expect(rowOf({ artifacts: artifacts.slice(0, 2) }).moreArtifacts).toBeNull();
    expect(rowOf({ artifacts, artifactsRemovedAt: LATER }).artifacts[0]).toEqual({
      name: 'a b.csv',
      href: null,
    });
  });
});

describe('filters of runs', () => {
  it('select what the address has, also if the form does not offer it', () => {
    const { fields, clearHref } = pageOf({
      status: 'failed,partial',
      projectId: 'gone',
      time: '24h',
      q: '#3',
    });
    expect(selectedOf(fields.statuses)).toEqual(['Failed or partial']);
    expect(selectedOf(fields.projects)).toEqual(['gone']);
    expect(selectedOf(fields.triggers)).toEqual(['Any trigger']);
    expect(selectedOf(fields.times)).toEqual(['Last 24 h']);
    expect(fields.search).toBe('#3');
    expect(clearHref).toBe('/runs');
    expect(selectedOf(pageOf({ status: 'completed,failed' }).fields.statuses)).toEqual([
      'Completed or Failed',
    ]);
    expect(pageOf({}).clearHref).toBeNull();
  });

  it('say when the night was', () => {
    expect(pageOf({ time: 'night', zone: 'Europe/Berlin' }).night).toMatchObject({
      from: { datetime: '2026-02-28T17:00:00.000Z' },
      to: { datetime: '2026-03-01T07:00:00.000Z' },
    });
    expect(pageOf({ time: '24h' }).night).toBeNull();
  });

  it('stay on the other pages', () => {
    const place = { olderThan: RUN_ID, newerThan: RUN_ID };
    const page = pageOf({ status: 'failed', before: RUN_ID }, { page: { ...PAGE, ...place } });
    expect([page.newestHref, page.newerHref, page.olderHref]).toEqual([
      '/runs?status=failed',
      `/runs?status=failed&after=${RUN_ID}`,
      `/runs?status=failed&before=${RUN_ID}`,
    ]);
  });
});

describe('page without runs', () => {
  const titleOf = (address: Record<string, string>, page: Partial<HistoryPage> = {}) =>
    pageOf(address, { page: { ...PAGE, ...page } }).empty;

  it('says what to do next', () => {
    expect(titleOf({})).toMatchObject({ title: 'No runs yet', offersProjects: true });
    expect(titleOf({ q: 'x' })).toMatchObject({ title: 'No runs match', offersProjects: false });
    expect(titleOf({ q: 'x' }, { searchedBackTo: START })?.title).toBe('No runs match so far');
    expect(titleOf({ before: RUN_ID })?.title).toBe('No more runs');
    expect(titleOf({ from: '2026-02-02', to: '2026-02-01' })?.text).toMatch(/after the To day/);
    expect(titleOf({}, { items: [aNewRun()] })).toBeNull();
  });
});
