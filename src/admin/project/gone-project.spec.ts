import { aNewRun, RUN_ID } from '../../../test/support/a-run';
import { goneProject } from './gone-project';
import { WHOLE_HISTORY } from './history-query';

it('offers no run, links to the latest one and keeps the history query when it refreshes', () => {
  const query = { ...WHOLE_HISTORY, search: 'bad' };
  expect(goneProject('demo', 'Project "demo" does not exist.', aNewRun(), query)).toMatchObject({
    canRun: false,
    mark: { word: 'Not in the configuration' },
    latestRunHref: `/runs/${RUN_ID}`,
    stateHref: '/projects/demo/state?search=bad&version=gone',
  });
  expect(goneProject('demo', 'Gone.', null, query).latestRunHref).toBeNull();
});
