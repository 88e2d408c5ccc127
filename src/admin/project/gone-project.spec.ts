import { aNewRun, RUN_ID } from '../../../test/support/a-run';
import { goneProject } from './gone-project';
import { WHOLE_HISTORY } from './history-query';

it('cannot be run, leads to its latest run, and is asked for again with what its history showed', () => {
  const query = { ...WHOLE_HISTORY, search: 'bad' };
  expect(goneProject('demo', 'Project "demo" does not exist.', aNewRun(), query)).toMatchObject({
    canRun: false,
    mark: { word: 'Not in the configuration' },
    latestRunHref: `/runs/${RUN_ID}`,
    stateHref: '/projects/demo/state?search=bad&version=gone',
  });
  expect(goneProject('demo', 'Gone.', null, query).latestRunHref).toBeNull();
});
