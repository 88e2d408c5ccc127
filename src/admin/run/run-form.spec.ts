import { aProject } from '../../../test/support/a-run';
import type { ParamSpec, ProjectDefinition } from '../../projects/project';
import { formLike, formVersion, givenIn, NOTHING_GIVEN, runForm, triggerRequest } from './run-form';

const PARAM: ParamSpec = {
  type: 'string',
  description: null,
  required: false,
  default: null,
  min: null,
  max: null,
  pattern: null,
  values: [],
};

const definition = {
  params: {
    label: { ...PARAM, default: 'all' },
    limit: { ...PARAM, type: 'integer', default: 10, min: 1, max: 50 },
    deep: { ...PARAM, type: 'boolean', default: true },
    source: { ...PARAM, type: 'enum', values: ['a', 'b'] },
  },
  steps: aProject()
    .steps.slice(0, 2)
    .map((step, index) => ({ ...step, name: ['read', 'fit'][index] })),
  scopes: { quick: ['read'] },
} as unknown as ProjectDefinition;

describe('form values', () => {
  it('become a request with the types that the project declares', () => {
    const given = givenIn({
      scope: 'from:fit',
      'param.label': 'x',
      'param.limit': '20',
      'param.deep': ['false', 'true'],
      'param.source': '',
      csrf: 'not a parameter',
    });
    expect(triggerRequest(definition, given)).toEqual({
      scope: 'from:fit',
      params: { label: 'x', limit: 20, deep: true },
    });
  });

  it('send false for an unchecked box', () => {
    expect(triggerRequest(definition, givenIn({ 'param.deep': 'false' })).params).toEqual({ deep: false });
  });

  it('leave out missing values so that the defaults apply', () => {
    expect(triggerRequest(definition, givenIn(undefined))).toEqual({ params: {} });
    expect(triggerRequest(definition, givenIn({ scope: '' }))).toEqual({ params: {} });
  });

  it('keep a non-numeric value as text for validation', () => {
    expect(triggerRequest(definition, givenIn({ 'param.limit': 'many' })).params).toEqual({ limit: 'many' });
  });
});

describe('runForm', () => {
  it('starts closed, with the defaults', () => {
    const form = runForm(definition, NOTHING_GIVEN, []);
    expect(form.fields.map(({ value }) => value)).toEqual(['all', '10', 'true', '']);
    expect(form.isOpen).toBe(false);
    expect(form.scopes.map(({ value, label, isSelected }) => [value, label, isSelected])).toEqual([
      ['full', 'Full pipeline', true],
      ['quick', 'quick (read)', false],
      ['from:fit', 'From fit', false],
      ['only:read', 'Only read', false],
      ['only:fit', 'Only fit', false],
    ]);
  });

  it('opens with the submitted values and their errors', () => {
    const given = givenIn({ scope: 'quick', 'param.limit': '99', 'param.deep': 'false' });
    const form = runForm(definition, given, [{ field: 'params.limit', message: 'must be at most 50' }]);
    expect(form.isOpen).toBe(true);
    expect(form.scopes.find(({ isSelected }) => isSelected)?.value).toBe('quick');
    expect(form.fields[1]).toMatchObject({ value: '99', error: 'Limit must be at most 50', hint: '1 to 50' });
    expect(form.fields[2]).toMatchObject({ isCheckbox: true, isChecked: false });
  });

  it('opens if a required parameter has no default', () => {
    const params = { name: { ...PARAM, required: true } };
    expect(runForm({ ...definition, params }, NOTHING_GIVEN, []).isOpen).toBe(true);
  });
});

describe('formLike', () => {
  const like = (scope: string, params: Record<string, unknown>) => formLike(definition, { scope, params });

  it('keeps the scope and parameters of the earlier run', () => {
    const { given, leftOut } = like('from:fit', { label: 'x', limit: 20, deep: false });
    expect(given).toEqual({ scope: 'from:fit', params: { label: 'x', limit: '20', deep: 'false' } });
    expect(leftOut).toEqual([]);
    expect(triggerRequest(definition, given)).toEqual({
      scope: 'from:fit',
      params: { label: 'x', limit: 20, deep: false },
    });
    expect(runForm(definition, given, []).isOpen).toBe(true);
  });

  it('leaves out values that the project no longer accepts, and names them', () => {
    const { given, leftOut } = like('from:gone', {
      label: 'x',
      limit: 99,
      source: 'c',
      oldName: 1,
      toString: 1,
    });
    expect(given).toEqual({ scope: null, params: { label: 'x' } });
    expect(leftOut).toEqual(['scope from:gone', 'Limit 99', 'Source c', 'Old name 1', 'To string 1']);
  });
});

it('formVersion changes with the offered fields and scopes, not with a command', () => {
  const version = formVersion(definition);
  const steps = definition.steps.map((step) => ({ ...step, command: ['other'] }));
  expect(formVersion({ ...definition, steps })).toBe(version);
  const others = [
    { ...definition, steps: [...definition.steps, { ...definition.steps[0]!, name: 'new' }] },
    { ...definition, params: { ...definition.params, label: { ...PARAM, default: 'other' } } },
    { ...definition, scopes: {} },
  ];
  expect(new Set([version, ...others.map(formVersion)]).size).toBe(4);
});
