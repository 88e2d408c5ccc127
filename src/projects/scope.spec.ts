import { aProject } from '../../test/support/a-run';
import { scopesOf, stepsInScope } from './scope';

const project = aProject({ scopes: { ends: ['report', 'fetch'], 'from-parse': ['parse'] } });

describe('scopes of a project', () => {
  it('include full, named scopes, and scopes for each step', () =>
    expect(scopesOf(project)).toEqual([
      'full',
      'ends',
      'from-parse',
      'from:parse',
      'from:report',
      'only:fetch',
      'only:parse',
      'only:report',
    ]));

  it('include only full if an external project has no steps', () =>
    expect(scopesOf({ steps: [], scopes: {} })).toEqual(['full']));

  it.each([
    ['full', ['fetch', 'parse', 'report']],
    ['ends', ['fetch', 'report']],
    ['from-parse', ['parse']],
    ['from:fetch', ['fetch', 'parse', 'report']],
    ['from:parse', ['parse', 'report']],
    ['from:report', ['report']],
    ['only:parse', ['parse']],
  ])('resolve %s to steps %j, in pipeline order', (scope, steps) =>
    expect(stepsInScope(project, scope)).toEqual(steps),
  );

  it('contain at least one step each', () => {
    for (const scope of scopesOf(project)) expect(stepsInScope(project, scope)!.length).toBeGreaterThan(0);
  });

  it.each([
    '',
    'FULL',
    'nowhere',
    'from:',
    'only:',
    'from:nowhere',
    'only:fetch,parse',
    'until:parse',
    'from:from:parse',
    ' full',
    'from:parse\n',
    'constructor',
    '__proto__',
    'toString',
    'only:constructor',
  ])('exclude %j', (scope) => expect(stepsInScope(project, scope)).toBeNull());
});
