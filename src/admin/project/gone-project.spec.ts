import { aNewRun, RUN_ID } from '../../../test/support/a-run';
import { versionOf } from '../page/live';
import { goneProject } from './gone-project';

it('offers no run, links to the latest one and does not change', () => {
  const gone = () => goneProject('demo', 'Project "demo" does not exist.', aNewRun());
  expect(gone()).toMatchObject({
    canRun: false,
    mark: { word: 'Not in the configuration' },
    latestRunHref: `/runs/${RUN_ID}`,
  });
  expect(goneProject('demo', 'Gone.', null).latestRunHref).toBeNull();
  expect(versionOf(gone())).toBe(versionOf(gone()));
});
