import { aParam, aProject } from '../../test/support/a-run';
import { storedDefinition } from './stored-definition';

it('a stored definition is returned as it is', () => {
  const project = aProject({ description: 'Loads orders', tags: ['nightly'], isEnabled: false });
  expect(storedDefinition(JSON.stringify(project))).toEqual(project);
});

it('a definition of an earlier version gets the members that it lacks', () => {
  const {
    description: _d,
    tags: _t,
    isEnabled: _e,
    watch: _w,
    ...old
  } = aProject({ params: { depth: aParam() } });
  const { example: _x, multiline: _m, ...depth } = old.params.depth!;
  const steps = old.steps.map(({ script: _s, passPlainEnv: _p, ...step }) => step);
  expect(storedDefinition(JSON.stringify({ ...old, params: { depth }, steps }))).toEqual(
    aProject({ params: { depth: aParam() } }),
  );
});
