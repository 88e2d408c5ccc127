import { aProject } from '../../test/support/a-run';
import { scopesOf, stepsInScope } from './scope';

const project = aProject({ scopes: { ends: ['report', 'fetch'], 'from-parse': ['parse'] } });

describe('the scopes of a project', () => {
  it('are full, its own, and those that name a step', () =>
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

  it('are only full where an external project has no steps', () =>
    expect(scopesOf({ steps: [], scopes: {} })).toEqual(['full']));

  it.each([
    ['full', ['fetch', 'parse', 'report']],
    ['ends', ['fetch', 'report']],
    ['from-parse', ['parse']],
    ['from:fetch', ['fetch', 'parse', 'report']],
    ['from:parse', ['parse', 'report']],
    ['from:report', ['report']],
    ['only:parse', ['parse']],
  ])('%s carries out %j, in the order of the pipeline', (scope, steps) =>
    expect(stepsInScope(project, scope)).toEqual(steps),
  );

  it('each carry out at least one step', () => {
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
  ])('do not include %j', (scope) => expect(stepsInScope(project, scope)).toBeNull());
});
