import { ancestorsOf, findCycle, type GraphStep, needsOf, planOf, withDependents } from './step-graph';

const step = (name: string, more: Partial<GraphStep> = {}): GraphStep => ({
  name,
  needs: null,
  when: 'success',
  continueOnError: false,
  ...more,
});
const sequence = ['a', 'b', 'c'].map((name) => step(name));
const diamond = [
  step('load'),
  step('clean', { needs: ['load'] }),
  step('score', { needs: ['load'] }),
  step('report', { needs: ['clean', 'score'] }),
  step('notify', { when: 'failure' }),
  step('tidy', { when: 'always' }),
];

describe('needs', () => {
  it('follow the order of the file if no step has any', () =>
    expect(Object.fromEntries(needsOf(sequence))).toEqual({ a: [], b: ['a'], c: ['b'] }));

  it('are those of the file as soon as one step has some', () =>
    expect(Object.fromEntries(needsOf([step('a'), step('b'), step('c', { needs: ['a'] })]))).toEqual({
      a: [],
      b: [],
      c: ['a'],
    }));

  it('of a step for failures or for every end are all ordinary steps, unless it names some', () => {
    const ordinary = ['load', 'clean', 'score', 'report'];
    expect(needsOf(diamond).get('notify')).toEqual(ordinary);
    expect(needsOf(diamond).get('tidy')).toEqual(ordinary);
    const near = step('near', { when: 'failure', needs: ['clean'] });
    expect(needsOf([...diamond, near]).get('near')).toEqual(['clean']);
  });

  it('keep the order of such steps too if no step has needs', () => {
    const steps = [step('a'), step('tell', { when: 'failure' }), step('b'), step('tidy', { when: 'always' })];
    expect(Object.fromEntries(needsOf(steps))).toEqual({
      a: [],
      b: ['a'],
      tell: ['a', 'b'],
      tidy: ['a', 'b', 'tell'],
    });
  });
});

describe('the plan of a scope', () => {
  const order = (steps: GraphStep[], scope: string[], only: string | null = null) =>
    Object.fromEntries(planOf(steps, scope, only).map(({ name, after }) => [name, after]));

  it('leaves out needs outside the scope', () =>
    expect(order(diamond, ['score', 'report'])).toEqual({ score: [], report: ['score'] }));

  it('keeps the order of two steps with only others between them', () => {
    expect(order(sequence, ['a', 'c'])).toEqual({ a: [], c: ['a'] });
    expect(order(diamond, ['load', 'report'])).toEqual({ load: [], report: ['load'] });
  });

  it('has steps in the order of the file', () =>
    expect(planOf(diamond, ['report', 'load'], null).map(({ name }) => name)).toEqual(['load', 'report']));

  it('runs the step that the scope names without regard to its condition', () => {
    expect(planOf(diamond, ['notify'], 'notify')).toMatchObject([{ name: 'notify', when: 'success' }]);
    expect(planOf(diamond, ['notify'], null)).toMatchObject([{ name: 'notify', when: 'failure' }]);
  });

  it('works for a chain of a thousand steps', () => {
    const chain = Array.from({ length: 1000 }, (_, index) => step(`s${index}`));
    expect(order(chain, ['s0', 's999'])).toEqual({ s0: [], s999: ['s0'] });
  });
});

it('a step with its dependents includes steps that run at every end', () => {
  expect(withDependents(sequence, 'b')).toEqual(['b', 'c']);
  expect(withDependents(diamond, 'score')).toEqual(['score', 'report', 'notify', 'tidy']);
  expect(withDependents(diamond, 'notify')).toEqual(['notify']);
});

it('the ancestors of a step are all steps that it waits for', () => {
  expect(ancestorsOf(diamond, 'report')).toEqual(['load', 'clean', 'score']);
  expect(ancestorsOf(sequence, 'c')).toEqual(['a', 'b']);
  expect(ancestorsOf(sequence, 'a')).toEqual([]);
});

describe('a cycle', () => {
  it('is found with its steps in order', () =>
    expect(
      findCycle([
        step('start'),
        step('a', { needs: ['start', 'c'] }),
        step('b', { needs: ['a'] }),
        step('c', { needs: ['b'] }),
      ]),
    ).toEqual(['a', 'c', 'b']));

  it('can go through a step that waits for all ordinary steps', () =>
    expect(
      findCycle([step('a', { needs: [] }), step('tidy', { when: 'always' }), step('b', { needs: ['tidy'] })]),
    ).toEqual(['tidy', 'b']));

  it.each([
    ['a diamond', diamond],
    ['a sequence', sequence],
    ['unknown names', [step('a', { needs: ['nothing'] })]],
    ['no steps', []],
  ])('is not found in %s', (_what, steps) => expect(findCycle(steps)).toBeNull());
});
