import { aNewRun, aProject, RUN_ID } from '../../../test/support/a-run';
import { NOTHING_GIVEN } from '../run/run-form';
import { formSource } from './form-source';

it('names the run whose values a form holds, and what it could not take over', () => {
  const { given, source } = formSource(aProject(), { ...aNewRun(), scope: 'from:parse' });
  expect(given).toEqual({ scope: 'from:parse', params: {} });
  expect(source).toMatchObject({
    run: { href: `/runs/${RUN_ID}`, shortId: '000000000001' },
    leftOut: 'Depth 2',
  });
});

it('begins with the defaults where there is no such run', () =>
  expect(formSource(aProject(), null)).toEqual({
    given: NOTHING_GIVEN,
    source: { run: null, leftOut: null },
  }));
