import { parseRunReference } from './run-reference';

const ID = '019ac8f2-6b1e-7000-8000-2c8d611f0a3b';

describe('parseRunReference', () => {
  it('takes a whole id, in either case, and the address of a page of the run', () => {
    expect(parseRunReference(ID)).toEqual({ kind: 'id', runId: ID });
    expect(parseRunReference(ID.toUpperCase())).toEqual({ kind: 'id', runId: ID.toUpperCase() });
    for (const rest of ['', '/timeline', '?step=load', '#L4-L9'])
      expect(parseRunReference(`https://host:3000/jobato/runs/${ID}${rest}`)).toEqual({
        kind: 'id',
        runId: ID,
      });
  });

  it.each(['nightly/14', 'nightly#14', 'nightly 14', 'nightly #14'])('takes %j as a number', (text) =>
    expect(parseRunReference(text)).toEqual({ kind: 'run-of', projectId: 'nightly', ref: '14' }),
  );

  it('takes an id after its project', () =>
    expect(parseRunReference(`nightly/${ID}`)).toEqual({ kind: 'run-of', projectId: 'nightly', ref: ID }));

  it('takes a part of an id after its project', () => {
    expect(parseRunReference('nightly/2c8d-611')).toEqual({
      kind: 'part',
      part: '2c8d-611',
      projectId: 'nightly',
    });
  });

  it('takes a word as a project, and also as a part of an id if it can be one', () => {
    expect(parseRunReference('nightly')).toEqual({ kind: 'project', projectId: 'nightly', part: null });
    expect(parseRunReference('2c8d')).toEqual({ kind: 'project', projectId: '2c8d', part: '2c8d' });
    expect(parseRunReference('2C8D')).toEqual({ kind: 'part', part: '2C8D' });
    expect(parseRunReference('abc')).toEqual({ kind: 'project', projectId: 'abc', part: null });
  });

  it.each(['', 'Nightly', 'nightly/', 'nightly/0', 'nightly/1/2', '../x', 'https://host/projects/nightly'])(
    'takes %j as nothing',
    (text) => expect(parseRunReference(text)).toEqual({ kind: 'unknown', text }),
  );
});
