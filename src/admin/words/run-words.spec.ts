import { endReasonWords, requestedWords, runName, triggeredWords } from './run-words';

it('runName adds the number to the name of the project', () =>
  expect(runName('Nightly backup', { number: 14 })).toBe('Nightly backup #14'));

it.each([
  ['manual', null, 'triggered manually'],
  ['manual', 'ada', 'triggered manually by ada'],
  ['api', 'ada', 'triggered via API by ada'],
  ['rerun', 'ada', 'triggered as a re-run by ada'],
  ['schedule', null, 'triggered by schedule'],
  ['schedule', 'weekly', 'triggered by schedule weekly'],
] as const)('triggeredWords of %s and %s', (triggeredBy, triggeredByName, words) =>
  expect(triggeredWords({ triggeredBy, triggeredByName })).toBe(words),
);

it.each([
  ['page', 'manually'],
  ['api', 'via API'],
  ['jobato', 'by Jobato'],
  ['ada', 'by ada'],
])('requestedWords of %s', (requestedBy, words) => expect(requestedWords(requestedBy)).toBe(words));

it.each([
  [null, null, null],
  ['cancelled-by-user', null, 'stopped manually'],
  ['cancelled-by-user', 'page', 'stopped manually'],
  ['cancelled-by-user', 'api', 'stopped manually'],
  ['cancelled-by-user', 'ada', 'stopped by ada'],
  ['timed-out', 'ada', 'timed out'],
])('endReasonWords of %s, requested by %s', (statusReason, cancelRequestedBy, words) =>
  expect(endReasonWords({ statusReason, cancelRequestedBy })).toBe(words),
);
