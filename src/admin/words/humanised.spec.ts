import { humanised } from './humanised';

it.each([
  ['newJobsCount', 'New jobs'],
  ['termsCount', 'Terms'],
  ['maxTerms', 'Max terms'],
  ['issued_calls', 'Issued calls'],
  ['docs', 'Docs'],
  ['auc', 'AUC'],
  ['validationAuc', 'Validation AUC'],
  ['rocAuc', 'ROC AUC'],
  ['jobUrl', 'Job URL'],
])('writes the name %s as %s', (name, text) => {
  expect(humanised(name)).toBe(text);
});
