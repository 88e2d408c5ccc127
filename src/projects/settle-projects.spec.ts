import { parseProjectFile } from './project-file';
import { type ProjectCandidate, settleProjects } from './settle-projects';

const definition = (id: string, isDefault = false) =>
  parseProjectFile(`id: ${id}\nexecutor: external\ndefault: ${isDefault}\n`).content!;
const A = definition('a');
const B = definition('b');
const candidate = (file: string, more: Partial<ProjectCandidate> = {}): ProjectCandidate => ({
  file,
  current: null,
  accepted: null,
  isNew: false,
  isMissing: false,
  ...more,
});
const isNew = (file: string, current: ProjectCandidate['current']) =>
  candidate(file, { current, isNew: true });
const settled = (candidates: ProjectCandidate[], defaultFile: string | null = null) => {
  const result = settleProjects(candidates, defaultFile);
  return {
    ids: Object.fromEntries([...result.accepted].map(([file, { projectId }]) => [file, projectId])),
    conflicts: result.conflicts.map(({ file, over, takenBy }) => `${file}: ${over} is taken by ${takenBy}`),
    defaultFile: result.defaultFile,
  };
};

describe('ID in several files', () => {
  it('stays with the file that has it, regardless of file names', () =>
    expect(
      settled([isNew('a (copy).yaml', A), candidate('report.yaml', { current: A, accepted: A })]),
    ).toEqual({
      ids: { 'report.yaml': 'a' },
      conflicts: ['a (copy).yaml: id is taken by report.yaml'],
      defaultFile: null,
    }));

  it('stays with the file that has it while that file is invalid', () =>
    expect(
      settled([candidate('copy.yaml', { current: A }), candidate('z.yaml', { accepted: A })]),
    ).toMatchObject({ ids: { 'z.yaml': 'a' }, conflicts: ['copy.yaml: id is taken by z.yaml'] }));

  it('stays with a file that is temporarily missing', () =>
    expect(
      settled([
        candidate('copy.yaml', { current: A }),
        candidate('z.yaml', { current: A, accepted: A, isMissing: true }),
      ]).ids,
    ).toEqual({ 'z.yaml': 'a' }));

  it('moves to a new file if its file was renamed', () =>
    expect(
      settled([candidate('a.yaml', { current: A, accepted: A, isMissing: true }), isNew('renamed.yaml', A)])
        .ids,
    ).toEqual({ 'renamed.yaml': 'a' }));

  it('moves to a file that requests it once its previous file is gone', () =>
    expect(settled([candidate('copy.yaml', { current: A })])).toMatchObject({
      ids: { 'copy.yaml': 'a' },
      conflicts: [],
    }));

  it('goes initially to the file with the same name, otherwise to the first by name', () => {
    expect(settled([isNew('a (copy).yaml', A), isNew('a.yaml', A)]).ids).toEqual({ 'a.yaml': 'a' });
    expect(settled([isNew('y.yaml', A), isNew('x.yaml', A)]).ids).toEqual({ 'x.yaml': 'a' });
  });

  it('is denied to a file with another accepted ID, which it keeps', () =>
    expect(
      settled([
        candidate('a.yaml', { current: A, accepted: A }),
        candidate('b.yaml', { current: A, accepted: B }),
      ]),
    ).toMatchObject({
      ids: { 'a.yaml': 'a', 'b.yaml': 'b' },
      conflicts: ['b.yaml: id is taken by a.yaml'],
    }));

  it('is not a conflict if two files exchange IDs', () =>
    expect(
      settled([
        candidate('x.yaml', { current: B, accepted: A }),
        candidate('y.yaml', { current: A, accepted: B }),
      ]),
    ).toMatchObject({ ids: { 'x.yaml': 'b', 'y.yaml': 'a' }, conflicts: [] }));
});

describe('pointer in several files', () => {
  const withPointer = (id: string, pointer = 'db/current.txt') =>
    parseProjectFile(`id: ${id}\nexecutor: external\nresult: { pointer: ${pointer} }\n`).content!;
  const [a, b] = [withPointer('a'), withPointer('b')];

  it('stays with the file that has it, and the other file is not used', () =>
    expect(settled([isNew('a.yaml', a), candidate('b.yaml', { current: b, accepted: b })])).toEqual({
      ids: { 'b.yaml': 'b' },
      conflicts: ['a.yaml: pointer is taken by b.yaml'],
      defaultFile: null,
    }));

  it('goes initially to the first file by name', () =>
    expect(settled([isNew('b.yaml', b), isNew('a.yaml', a)]).ids).toEqual({ 'a.yaml': 'a' }));

  it('is denied to a file with an earlier version, which it keeps', () => {
    const result = settleProjects(
      [
        candidate('a.yaml', { current: a, accepted: withPointer('a', 'db/a.txt') }),
        candidate('b.yaml', { current: b, accepted: b }),
      ],
      null,
    );
    expect(result.accepted.get('a.yaml')?.liveResult.pointer).toBe('db/a.txt');
    expect(result.conflicts).toEqual([
      { file: 'a.yaml', over: 'pointer', wanted: 'db/current.txt', takenBy: 'b.yaml' },
    ]);
  });

  it('is not a conflict if each file has its own', () =>
    expect(settled([isNew('a.yaml', a), isNew('b.yaml', withPointer('b', 'db/b.txt'))]).conflicts).toEqual(
      [],
    ));
});

describe('default project', () => {
  const first = definition('a', true);
  const second = definition('b', true);

  it('remains the default when another file is marked, which stays a normal project', () =>
    expect(
      settled([isNew('b.yaml', second), candidate('z.yaml', { current: first, accepted: first })], 'z.yaml'),
    ).toEqual({
      ids: { 'b.yaml': 'b', 'z.yaml': 'a' },
      conflicts: ['b.yaml: default is taken by z.yaml'],
      defaultFile: 'z.yaml',
    }));

  it('is initially the first file by name', () =>
    expect(settled([isNew('y.yaml', first), isNew('x.yaml', second)]).defaultFile).toBe('x.yaml'));

  it('changes when the current default is no longer marked', () =>
    expect(
      settled(
        [
          candidate('a.yaml', { current: A, accepted: first }),
          candidate('b.yaml', { current: second, accepted: second }),
        ],
        'a.yaml',
      ),
    ).toMatchObject({ conflicts: [], defaultFile: 'b.yaml' }));
});
