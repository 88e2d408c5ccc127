import { shownStarter } from './shown-starter';

it.each([
  ['schedule', 'default', null],
  ['schedule', 'weekly', 'weekly'],
  ['manual', 'default', 'default'],
  ['api', null, null],
] as const)('of a run by %s named %s is %s', (triggeredBy, triggeredByName, shown) => {
  expect(shownStarter({ triggeredBy, triggeredByName })).toBe(shown);
});
