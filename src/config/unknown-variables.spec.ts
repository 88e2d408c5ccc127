import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KNOWN_VARIABLES, unknownVariables } from './unknown-variables';

const FILE = '/srv/jobato/.env';
const ofProcess = (...names: string[]) =>
  unknownVariables({
    variables: {},
    own: Object.fromEntries(names.map((name) => [name, 'hunter2'])),
    file: null,
  });
const ofFile = (...names: string[]) =>
  unknownVariables({
    variables: {},
    own: {},
    file: { path: FILE, variables: Object.fromEntries(names.map((name) => [name, 'hunter2'])) },
  });

it('recognizes every variable that .env.example lists', () => {
  const example = readFileSync(join(__dirname, '..', '..', '.env.example'), 'utf8');
  const names = [...example.matchAll(/^# ([A-Z_]+)=/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(20);
  expect(KNOWN_VARIABLES).toEqual(expect.arrayContaining(names));
});

it.each([
  ['JOBATO_ADMIN_TOKE', 'JOBATO_ADMIN_TOKEN'],
  ['JOBATO_ADMINTOKEN', 'JOBATO_ADMIN_TOKEN'],
  ['JOBATO_API_KEYS', 'JOBATO_API_KEY'],
  ['jobato_admin_token', 'JOBATO_ADMIN_TOKEN'],
  ['JOBATO_ADMIN_TOKEN_FIEL', 'JOBATO_ADMIN_TOKEN_FILE'],
  ['JOBATO_PORT', 'PORT'],
  ['JOBATO_DATA_DIR', 'DATA_DIR'],
  ['JOBATO_LOGLEVEL', 'LOG_LEVEL'],
])('warns about %s from either source', (name, suggestion) => {
  expect(ofProcess(name)).toEqual([`${name} is unknown and has no effect. Did you mean ${suggestion}?`]);
  expect(ofFile(name)).toEqual([
    `${name} in ${FILE} is unknown and has no effect. Did you mean ${suggestion}?`,
  ]);
});

it('warns about an unknown JOBATO_ variable without a similar known name', () =>
  expect(ofProcess('JOBATO_COLOUR')).toEqual([
    'JOBATO_COLOUR is unknown and has no effect. See .env.example for all variables.',
  ]));

it.each([
  ['ALOWED_HOSTS', 'ALLOWED_HOSTS'],
  ['DATADIR', 'DATA_DIR'],
  ['port', 'PORT'],
  ['REDIS_URI', 'REDIS_URL'],
])('warns about %s in .env but not in the process environment', (name, suggestion) => {
  expect(ofFile(name)).toEqual([expect.stringContaining(`Did you mean ${suggestion}?`)]);
  expect(ofProcess(name)).toEqual([]);
});

it.each([
  'LLM_API_KEY',
  'HOME',
  'NODE_ENV',
  'TZ',
  'SMTP_PASSWORD',
  'JOBATO_RUN_ID',
  'JOBATO_PARAM_DOCS',
  ...KNOWN_VARIABLES,
])('does not warn about %s', (name) => expect([...ofFile(name), ...ofProcess(name)]).toEqual([]));

it('warns once about a name set in both places, and shows no value', () => {
  const both = unknownVariables({
    variables: {},
    own: { JOBATO_PORT: 'hunter2' },
    file: { path: FILE, variables: { JOBATO_PORT: 'hunter2' } },
  });
  expect(both).toHaveLength(1);
  expect(both.join()).not.toContain('hunter2');
});
