import { aNewRun, aProject, RUN_ID } from '../../../test/support/a-run';
import { NOTHING_GIVEN } from '../run/run-form';
import { formSource } from './form-source';

it('returns the values of an earlier run, a link to it and the values left out', () => {
  const { given, source } = formSource(aProject(), { ...aNewRun(), number: 14, scope: 'from:parse' });
  expect(given).toEqual({ scope: 'from:parse', params: {} });
  expect(source).toMatchObject({
    run: { href: `/runs/${RUN_ID}`, number: '#14' },
    leftOut: 'Depth 2',
  });
});

it('returns the defaults if there is no such run', () =>
  expect(formSource(aProject(), null)).toEqual({
    given: NOTHING_GIVEN,
    source: { run: null, leftOut: null, secrets: null },
  }));
