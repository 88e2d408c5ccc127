import { aParam } from '../../test/support/a-run';
import { checkParams, requiredSecrets } from './params';
import type { ParamSpec } from './project';

const spec = (type: ParamSpec['type'], more: Partial<ParamSpec> = {}) => aParam({ type, ...more });
const SHELL = '$(rm -rf /); `id` && echo "x" | sh > /dev/null #';

describe('checkParams', () => {
  const specs = {
    docs: spec('string', { default: 'docs' }),
    depth: spec('integer', { required: true, min: 1 }),
    note: spec('string'),
    fast: spec('boolean', { default: false }),
  };

  it('fills in defaults, and omits parameters without a value', () =>
    expect(checkParams(specs, { depth: 2 })).toEqual({
      params: { docs: 'docs', depth: 2, fast: false },
      secrets: {},
      errors: [],
    }));

  it('keeps secrets apart from the other parameters', () => {
    const withSecrets = { ...specs, token: spec('secret', { required: true }), pin: spec('secret') };
    expect(checkParams(withSecrets, { depth: 1, token: SHELL }).secrets).toEqual({ token: SHELL });
    expect(checkParams(withSecrets, { depth: 1, token: SHELL }).params).not.toHaveProperty('token');
    expect(checkParams(withSecrets, { depth: 1 }).errors).toEqual([
      { field: 'params.token', message: 'is required' },
    ]);
    expect(requiredSecrets(withSecrets)).toEqual(['token']);
  });

  it('treats null as not given', () =>
    expect(checkParams(specs, { depth: 2, docs: null, note: null }).params).toEqual({
      docs: 'docs',
      depth: 2,
      fast: false,
    }));

  it('keeps given values, including empty and false ones', () =>
    expect(checkParams(specs, { depth: 1, docs: '', fast: false, note: SHELL }).params).toEqual({
      depth: 1,
      docs: '',
      fast: false,
      note: SHELL,
    }));

  it('reports all errors at once', () =>
    expect(checkParams(specs, { docs: 5, fast: 'yes', colour: 'red' }).errors).toEqual([
      {
        field: 'params.colour',
        message: 'is not a parameter of this project (known parameters: docs, depth, note, fast)',
      },
      { field: 'params.docs', message: 'must be a string' },
      { field: 'params.depth', message: 'is required' },
      { field: 'params.fast', message: 'must be true or false' },
    ]));

  it('accepts 64 KiB of parameters as JSON, and rejects one byte more', () => {
    const room = 64 * 1024 - JSON.stringify({ docs: 'docs', depth: 1, note: '', fast: false }).length;
    expect(checkParams(specs, { depth: 1, note: 'x'.repeat(room) }).errors).toEqual([]);
    expect(checkParams(specs, { depth: 1, note: 'x'.repeat(room + 1) }).errors).toEqual([
      { field: 'params', message: 'must be at most 65536 bytes as JSON, not 65537' },
    ]);
  });

  it('matches all values of a request with one budget of steps', () => {
    const pattern = '(?:.?){600}';
    const names = Array.from({ length: 9 }, (_none, index) => `p${index}`);
    const params = Object.fromEntries(names.map((name, index) => [name, 'ab'.repeat(20 + index)]));
    const { errors } = checkParams(
      Object.fromEntries(names.map((name) => [name, spec('string', { pattern })])),
      params,
    );
    expect(errors.at(-1)?.message).toBe(
      'takes too many steps to match: shorten the value, or simplify the pattern in the project file',
    );
    expect(checkParams({ p8: spec('string', { pattern }) }, { p8: params.p8 }).errors).toEqual([]);
  });

  it('rejects any parameter if the project has none', () =>
    expect(checkParams({}, { a: 1 }).errors).toEqual([
      { field: 'params.a', message: 'is not a parameter of this project (known parameters: none)' },
    ]));

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'])(
    'rejects %s, a member of every object, as an unknown parameter',
    (name) => {
      const given = JSON.parse(`{"depth": 1, ${JSON.stringify(name)}: {"polluted": true}}`) as Record<
        string,
        unknown
      >;
      const { params, errors } = checkParams(specs, given);
      expect(errors).toEqual([
        { field: `params.${name}`, message: expect.stringContaining('is not a parameter') },
      ]);
      expect(Object.keys(params)).toEqual(['docs', 'depth', 'fast']);
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    },
  );

  it.each(['__proto__', 'constructor', 'toString'])('keeps a parameter declared as %s', (name) => {
    const declared = Object.fromEntries([[name, spec('string', { default: 'x' })]]);
    expect(Object.entries(checkParams(declared, {}).params)).toEqual([[name, 'x']]);
    const given = Object.fromEntries([[name, 'y']]);
    expect(Object.entries(checkParams(declared, given).params)).toEqual([[name, 'y']]);
  });
});
