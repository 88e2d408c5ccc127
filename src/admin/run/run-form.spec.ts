import { aParam, aProject } from '../../../test/support/a-run';
import { invalid } from '../../http/problem-catalogue';
import type { ParamSpec, ProjectDefinition } from '../../projects/project';
import {
  formLike,
  formVersion,
  givenIn,
  NOTHING_GIVEN,
  runForm,
  startFromForm,
  triggerRequest,
} from './run-form';

const PARAM = aParam({ type: 'string' });

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

  it('send no value for a boolean that is not set', () => {
    const project = { ...definition, params: { sure: { ...PARAM, type: 'boolean' as const } } };
    const sent = (text: string) => triggerRequest(project, givenIn({ 'param.sure': text })).params;
    expect([sent(''), sent('true'), sent('false')]).toEqual([{}, { sure: true }, { sure: false }]);
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
    expect(form.fields[1]).toMatchObject({
      value: '99',
      error: 'Limit must be at most 50',
      hints: ['1 to 50'],
    });
    expect(form.fields[2]).toMatchObject({ isCheckbox: true, isChecked: false });
  });

  it('opens if a required parameter has no default', () => {
    const params = { name: { ...PARAM, required: true } };
    expect(runForm({ ...definition, params }, NOTHING_GIVEN, []).isOpen).toBe(true);
  });
});

describe('a field', () => {
  const field = (more: Partial<ParamSpec>, typed?: string) => {
    const project = { ...definition, params: { it: aParam({ type: 'string', ...more }) } };
    const given = typed === undefined ? NOTHING_GIVEN : { scope: null, params: { it: typed } };
    return runForm(project, given, []).fields[0]!;
  };
  const choices = (more: Partial<ParamSpec>, typed?: string) =>
    field(more, typed).options?.map(({ label, isSelected }) => (isSelected ? `*${label}` : label));

  it('of a boolean without a default has three states', () => {
    expect(choices({ type: 'boolean' })).toEqual(['*Not set', 'Yes', 'No']);
    expect(choices({ type: 'boolean', required: true })).toEqual(['*Select a value', 'Yes', 'No']);
    expect(choices({ type: 'boolean' }, 'false')).toEqual(['Not set', 'Yes', '*No']);
    expect(field({ type: 'boolean', default: false })).toMatchObject({ isCheckbox: true, options: null });
  });

  it('keeps a value that is not allowed', () => {
    expect(choices({ type: 'boolean' }, 'maybe')).toEqual(['Not set', 'Yes', 'No', '*maybe (not allowed)']);
    const mode = { type: 'enum' as const, values: ['a', 'b'], default: 'a' };
    expect(choices(mode, 'c')).toEqual(['a', 'b', '*c (not allowed)']);
    expect(field({ type: 'date' }, '2026-02-30')).toMatchObject({ inputType: 'text', value: '2026-02-30' });
  });

  it('has several lines if the value has them', () => {
    expect(field({})).toMatchObject({ rows: null, isWide: false });
    expect(field({ multiline: true })).toMatchObject({ rows: 4, isWide: true });
    expect(field({}, 'a\nb')).toMatchObject({ rows: 4, value: 'a\nb' });
    expect(field({ default: 'l\n'.repeat(40) }).rows).toBe(16);
    expect(field({ type: 'array', default: ['a', 'b'] })).toMatchObject({
      rows: 4,
      isWide: false,
      value: 'a\nb',
    });
  });

  it('of a date has its bounds', () => {
    const bounds = { min: '2026-01-01', max: '2026-12-31' };
    const day = field({ type: 'date', ...bounds, default: '2026-03-31' });
    expect(day).toMatchObject({ inputType: 'date', value: '2026-03-31', ...bounds });
    expect(day.hints).toEqual(['2026-01-01 to 2026-12-31']);
    expect(field({ type: 'integer', min: 1 })).toMatchObject({ inputType: 'text', min: null });
  });

  it('names its rules without an expression', () => {
    expect(field({ type: 'array', min: 1, values: ['a', 'b'], example: ['a'] }).hints).toEqual([
      'One per line',
      'At least 1 item',
      'Allowed: a, b',
      'Example: a',
    ]);
    const tag = field({ pattern: 'v\\d+', max: 9, example: 'v1.2' });
    expect(tag.hints).toEqual(['At most 9 characters', 'Example: v1.2']);
    expect(JSON.stringify(tag)).not.toContain('d+');
    expect(field({ type: 'date', max: '2026-12-31' }).hints).toEqual(['Until 2026-12-31']);
  });
});

describe('startFromForm', () => {
  const params = { tag: { ...PARAM, pattern: 'v\\d+' } };

  it('replaces the expression in a refusal', async () => {
    const refused = startFromForm({ ...definition, params }, () =>
      Promise.reject(
        invalid([
          { field: 'params.tag', message: 'must match v\\d+' },
          { field: 'scope', message: 'must be one of full' },
          { field: 'params.toString', message: 'is not a parameter' },
        ]),
      ),
    );
    await expect(refused).rejects.toMatchObject({
      extras: {
        errors: [
          { field: 'params.tag', message: 'has the wrong format' },
          { field: 'scope', message: 'must be one of full' },
          { field: 'params.toString', message: 'is not a parameter' },
        ],
      },
    });
  });

  it('returns the result, and passes on any other error', async () => {
    expect(await startFromForm(definition, () => Promise.resolve('started'))).toBe('started');
    const error = new Error('other');
    await expect(startFromForm(definition, () => Promise.reject(error))).rejects.toBe(error);
  });
});

describe('formLike', () => {
  const like = (scope: string, params: Record<string, unknown>) =>
    formLike(definition, { scope, params, secretParams: null });

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

  it('returns values that become the same values again', () => {
    const params = {
      text: PARAM,
      hosts: aParam({ type: 'array' }),
      day: aParam({ type: 'date' }),
      sure: aParam({ type: 'boolean' }),
      ratio: aParam({ type: 'number' }),
    };
    const earlier = { text: '\na\n\nb\n', hosts: [' a', 'b,c'], day: '2026-03-31', sure: false, ratio: 1e-7 };
    const project = { ...definition, params };
    const { given } = formLike(project, { scope: 'full', params: earlier, secretParams: null });
    expect(triggerRequest(project, given).params).toEqual(earlier);
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

  it('names the secrets of the earlier run that the project still has', () => {
    const params = { token: { ...PARAM, type: 'secret' as const } };
    const run = { scope: 'full', params: {}, secretParams: ['token', 'old'] };
    expect(formLike({ ...definition, params }, run)).toEqual({
      given: { scope: 'full', params: {} },
      leftOut: [],
      secrets: ['Token'],
    });
  });
});

describe('the field of a secret', () => {
  const params = { token: { ...PARAM, type: 'secret' as const, min: 8 } };
  const field = (given: Record<string, string>) =>
    runForm({ ...definition, params }, { scope: null, params: given }, []).fields[0];

  it('is never filled, and asks for the secret again', () => {
    expect(field({})).toMatchObject({ inputType: 'password', value: '', hints: ['At least 8 characters'] });
    expect(field({ token: 'swordfish' })).toMatchObject({
      value: '',
      hints: ['Enter it again: a form never shows a secret', 'At least 8 characters'],
    });
    expect(JSON.stringify(field({ token: 'swordfish\n' }))).not.toContain('swordfish');
  });

  it('sends the text exactly, and nothing if it is empty', () => {
    const sent = (text: string) =>
      triggerRequest({ ...definition, params }, givenIn({ 'param.token': text })).params;
    expect(sent(' 007 ')).toEqual({ token: ' 007 ' });
    expect(sent('')).toEqual({});
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
