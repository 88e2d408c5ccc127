import { checkParams, paramsFromText, whyInvalid } from './params';
import type { ParamSpec } from './project';

const spec = (type: ParamSpec['type'], more: Partial<ParamSpec> = {}): ParamSpec => ({
  type,
  description: null,
  required: false,
  default: null,
  min: null,
  max: null,
  pattern: null,
  values: [],
  ...more,
});
const SHELL = '$(rm -rf /); `id` && echo "x" | sh > /dev/null #';

describe('whyInvalid', () => {
  it.each<[string, ParamSpec, unknown]>([
    ['text', spec('string'), 'hello'],
    ['an empty text', spec('string'), ''],
    ['a text that is shell code: it is never run by a shell', spec('string'), SHELL],
    ['a text with newlines and emoji', spec('string'), 'a\nb 😀'],
    ['a text that matches', spec('string', { pattern: '[a-z]+' }), 'abc'],
    ['a text of the right length', spec('string', { min: 2, max: 3 }), 'abc'],
    ['zero', spec('integer'), 0],
    ['a negative number', spec('integer'), -7],
    ['the largest whole number', spec('integer'), Number.MAX_SAFE_INTEGER],
    ['a number at the limit', spec('integer', { min: 1, max: 9 }), 9],
    ['a fraction', spec('number'), 0.5],
    ['a very large number', spec('number'), 1e300],
    ['true', spec('boolean'), true],
    ['false', spec('boolean'), false],
    ['one of a list', spec('enum', { values: ['a', 'b'] }), 'b'],
  ])('accepts %s', (_what, given, value) => expect(whyInvalid(given, value)).toBeNull());

  it.each<[string, ParamSpec, unknown, string]>([
    ['a number for a text', spec('string'), 5, 'must be a string'],
    ['a list for a text', spec('string'), ['a'], 'must be a string'],
    ['an object for a text', spec('string'), { toString: 'x' }, 'must be a string'],
    ['a NUL', spec('string'), 'a\0b', 'must not contain a NUL character'],
    ['a text that only begins as it should', spec('string', { pattern: 'a|b' }), 'ab', 'must match a|b'],
    ['a text with a line that matches', spec('string', { pattern: '[a-z]+' }), 'abc\n;', 'must match [a-z]+'],
    ['too short a text', spec('string', { min: 2 }), 'a', 'must be at least 2 characters'],
    ['too long a text', spec('string', { max: 2 }), 'abc', 'must be at most 2 characters'],
    [
      'too long a text before it checks the pattern',
      spec('string', { max: 2, pattern: 'a' }),
      'bbb',
      'must be at most 2 characters',
    ],
    [
      'more than 4 KiB for a pattern',
      spec('string', { pattern: '(a+)+b' }),
      'a'.repeat(4097),
      'must be at most 4096 bytes long, the limit of a parameter with a pattern',
    ],
    [
      'what a backtracking engine would try in 2^4096 ways',
      spec('string', { pattern: '(a+)+b' }),
      'a'.repeat(4096),
      'must match (a+)+b',
    ],
    ['a fraction for a whole number', spec('integer'), 1.5, 'must be a whole number'],
    ['a number too large to be exact', spec('integer'), 2 ** 53, 'must be a whole number'],
    ['digits as text', spec('integer'), '5', 'must be a whole number'],
    ['NaN as a whole number', spec('integer'), Number.NaN, 'must be a whole number'],
    ['too small a number', spec('integer', { min: 1 }), 0, 'must be at least 1'],
    ['too large a number', spec('number', { max: 1 }), 1.01, 'must be at most 1'],
    ['NaN', spec('number'), Number.NaN, 'must be a number'],
    ['infinity', spec('number'), Number.POSITIVE_INFINITY, 'must be a number'],
    ['a truth for a number', spec('number'), true, 'must be a number'],
    ['a word for true', spec('boolean'), 'true', 'must be true or false'],
    ['1 for true', spec('boolean'), 1, 'must be true or false'],
    ['a value not in a list', spec('enum', { values: ['a', 'b'] }), 'c', 'must be one of a, b'],
    ['a name that every object has', spec('enum', { values: ['a'] }), 'constructor', 'must be one of a'],
    ['a list of one value', spec('enum', { values: ['a'] }), ['a'], 'must be one of a'],
  ])('rejects %s', (_what, given, value, reason) => expect(whyInvalid(given, value)).toBe(reason));
});

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
      errors: [],
    }));

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

describe('paramsFromText', () => {
  const specs = {
    text: spec('string'),
    title: spec('string', { default: 'Untitled' }),
    depth: spec('integer'),
    ratio: spec('number'),
    fast: spec('boolean'),
    mode: spec('enum', { values: ['a', '1'] }),
  };

  it.each<[string, Record<string, string>, Record<string, unknown>]>([
    ['text stays text, digits too', { text: '12' }, { text: '12' }],
    ['a whole number', { depth: '12' }, { depth: 12 }],
    ['a number with a sign and spaces', { depth: ' -3 ' }, { depth: -3 }],
    ['a fraction', { ratio: '0.5' }, { ratio: 0.5 }],
    ['an exponent', { ratio: '1e-3' }, { ratio: 0.001 }],
    ['a checked box', { fast: 'on' }, { fast: true }],
    ['true in any case', { fast: 'TRUE' }, { fast: true }],
    ['false', { fast: 'false' }, { fast: false }],
    ['one of a list stays text', { mode: '1' }, { mode: '1' }],
    ['an invalid number stays text', { depth: '12abc' }, { depth: '12abc' }],
    ['hexadecimal stays text', { depth: '0x10' }, { depth: '0x10' }],
    ['Infinity stays text', { ratio: 'Infinity' }, { ratio: 'Infinity' }],
    ['an invalid boolean stays text', { fast: 'maybe' }, { fast: 'maybe' }],
    ['an empty field is not given', { text: '', depth: '', fast: '', mode: '' }, {}],
    ['an empty text in place of a default is given', { title: '' }, { title: '' }],
    ['an unknown name is kept, so that it is rejected', { colour: '' }, { colour: '' }],
    ['a name that every object has is unknown', { constructor: '1' }, { constructor: '1' }],
  ])('converts form values: %s', (_what, given, expected) =>
    expect(paramsFromText(specs, given)).toEqual(expected),
  );

  it.each([
    ['depth', '1.2.3'],
    ['depth', '9007199254740993'],
    ['depth', '1e999'],
    ['ratio', '.'],
    ['depth', '12abc'],
    ['fast', 'maybe'],
  ])('does not convert %s=%s into a valid value', (name, text) =>
    expect(checkParams(specs, paramsFromText(specs, { [name]: text })).errors).toHaveLength(1),
  );
});
