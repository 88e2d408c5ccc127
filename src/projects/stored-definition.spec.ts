import { aProject } from '../../test/support/a-run';
import { storedDefinition } from './stored-definition';

it('a stored definition is returned as it is', () => {
  const project = aProject({ description: 'Loads orders', tags: ['nightly'], isEnabled: false });
  expect(storedDefinition(JSON.stringify(project))).toEqual(project);
});

it('a definition of an earlier version gets the members that it lacks', () => {
  const { description: _d, tags: _t, isEnabled: _e, watch: _w, ...old } = aProject();
  const steps = old.steps.map(({ script: _s, passPlainEnv: _p, ...step }) => step);
  expect(storedDefinition(JSON.stringify({ ...old, steps }))).toEqual(aProject());
});
