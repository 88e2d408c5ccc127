import { passEnvNotes, passEnvText } from './pass-env-notes';

const environment = { TOKEN: 'swordfish', PIN: '1234', DEBUG: '1', FLAG: 'true', EMPTY: '' };
const step = (passEnv: string[], env: Record<string, string> = {}) => ({ passEnv, env });

it('notes missing variables, and values that cannot be masked', () =>
  expect(passEnvNotes([step(['TOKEN', 'PIN', 'DEBUG', 'FLAG', 'EMPTY', 'GONE'])], environment)).toEqual([
    { code: 'too-short', variable: 'DEBUG' },
    { code: 'boolean', variable: 'FLAG' },
    { code: 'not-set', variable: 'GONE' },
  ]));

it('notes each variable once', () =>
  expect(passEnvNotes([step(['GONE']), step(['GONE'])], environment)).toHaveLength(1));

it('notes no variable that has a value in "env"', () =>
  expect(passEnvNotes([step(['GONE'], { GONE: 'x' })], environment)).toEqual([]));

it.each([
  ['not-set', /^passEnv: KEY is not set in the environment of the worker/],
  ['too-short', /^passEnv: the value of KEY has fewer than 4 characters, so it is not masked/],
  ['boolean', /^passEnv: the value of KEY is true or false, so it is not masked/],
] as const)('states in words: %s', (code, text) =>
  expect(passEnvText({ code, variable: 'KEY' })).toMatch(text),
);
