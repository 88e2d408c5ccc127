import { similarName } from './similar-name';

const KNOWN = ['command', 'run', 'env', 'passEnv', 'timeoutSeconds'];

it.each([
  ['comand', 'command'],
  ['timeoutSecond', 'timeoutSeconds'],
  ['passenv', 'passEnv'],
  ['enviroment', null],
  ['x', null],
  ['', null],
])('the name similar to %j is %j', (given, similar) => expect(similarName([given], KNOWN)).toBe(similar));

it('no name is similar if none is known', () => expect(similarName(['command'], [])).toBeNull());

it('the most similar of several spellings counts', () =>
  expect(similarName(['JOBATO_COMMAND', 'comand'], KNOWN)).toBe('command'));
