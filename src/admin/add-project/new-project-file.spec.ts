import { chosenId, newProjectFile } from './new-project-file';

it.each([
  [undefined, [], { id: 'hello', isInvalid: false }],
  [undefined, ['hello', 'hello-2'], { id: 'hello-3', isInvalid: false }],
  ['backup', ['backup'], { id: 'backup', isInvalid: false }],
  ['No spaces', [], { id: 'hello', isInvalid: true }],
  ['../up', [], { id: 'hello', isInvalid: true }],
  ['x'.repeat(200), [], { id: 'hello', isInvalid: true }],
  [['a'], [], { id: 'hello', isInvalid: true }],
  ['', [], { id: 'hello', isInvalid: false }],
])('chooses an id for %j', (asked, taken, expected) => {
  expect(chosenId(asked, taken)).toEqual(expected);
});

it('waits for the file, lists its problems, and leads to the project', () => {
  const problem = { file: 'projects/a.yaml', line: 3, reason: '"steps" must be a list' };
  const known = { projectId: 'a', name: 'A', file: 'projects/a.yaml' };
  expect(newProjectFile('a', [], [{ ...problem, file: 'projects/b.yaml' }])).toEqual({ state: 'waiting' });
  expect(newProjectFile('a', [known], [problem])).toEqual({
    state: 'flawed',
    problems: [{ line: 3, reason: '"steps" must be a list' }],
  });
  expect(newProjectFile('a', [known], [])).toEqual({ state: 'ready', name: 'A', href: '/projects/a' });
  expect(newProjectFile('a', [{ ...known, file: 'projects/other.yaml' }], [])).toMatchObject({
    state: 'ready',
  });
  expect(newProjectFile('a', [{ ...known, projectId: 'c' }], [])).toMatchObject({ href: '/projects/c' });
});
