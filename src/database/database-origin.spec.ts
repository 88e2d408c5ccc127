import { originOf } from './database-origin';

const KNOWN = ['First1', 'Second2'];

it.each([
  ['an empty file', [], [], 'new'],
  ['a file whose first migration was cut off', ['migrations', 'sqlite_sequence'], [], 'new'],
  ['a file of this version', ['migrations', 'runs'], KNOWN, 'ours'],
  ['a file of an older version', ['migrations', 'runs'], ['First1'], 'ours'],
  ['a file of a newer version', ['migrations', 'runs'], [...KNOWN, 'Third3'], 'newer'],
  ['a file of another program', ['users'], [], 'foreign'],
  ['a file of another program that has migrations too', ['migrations', 'users'], ['Users1'], 'foreign'],
])('recognizes %s', (_, tables, migrations, origin) => {
  expect(originOf(tables, migrations, KNOWN)).toBe(origin);
});
