import { aProject } from '../../../test/support/a-run';
import type { LiveResult } from '../../results/result.repository';
import { allResults } from './all-results';

const live = (projectId: string): LiveResult => ({
  ...{ position: 1, runId: 'r1', projectId, number: 14, size: 2048 },
  ...{ file: `results/${projectId}/14-ab/report.csv`, madeAt: '2026-03-01T10:00:00.000Z' },
  ...{ since: '2026-03-01T10:00:00.000Z', chosenBy: null },
});

it('lists the live results by project, with their table or preview', () => {
  const table = { name: 'jobs', columns: null, newBy: null, title: null, link: null, sort: null };
  const rows = allResults(
    [live('a'), live('b')],
    [
      aProject({ projectId: 'a', name: 'Zebra', liveResult: { pointer: null, keep: 5, table } }),
      aProject({ projectId: 'b', name: 'Ant' }),
    ],
  );
  expect(rows).toMatchObject([
    {
      projectName: 'Ant',
      name: 'report.csv',
      number: '#14',
      view: { label: 'Preview', href: '/projects/b/result' },
    },
    { projectName: 'Zebra', view: { label: 'View table', href: '/projects/a/results' } },
  ]);
});

it('keeps the result of a project that is no longer in the configuration, without links to it', () =>
  expect(allResults([live('gone')], [])).toMatchObject([
    { projectName: 'gone', projectHref: null, view: null, downloadHref: null, runHref: '/runs/r1' },
  ]));
