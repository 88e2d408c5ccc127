import { aParam } from '../../test/support/a-run';
import { paramsFromCommandLine, paramsFromForm, wronglyRepeated } from './param-text';
import { checkParams } from './params';

const specs = {
  text: aParam({ type: 'string' }),
  title: aParam({ type: 'string', default: 'Untitled' }),
  notes: aParam({ type: 'string', multiline: true }),
  depth: aParam(),
  ratio: aParam({ type: 'number' }),
  fast: aParam({ type: 'boolean' }),
  mode: aParam({ type: 'enum', values: ['a', '1'] }),
  suffix: aParam({ type: 'enum', values: ['', '-rc'], default: '-rc' }),
  day: aParam({ type: 'date' }),
  hosts: aParam({ type: 'array' }),
  tags: aParam({ type: 'array', default: ['x'] }),
};
type Values = Record<string, unknown>;

/** Values of one type and one text, which a form and a command line convert in the same way. */
const ALIKE: [string, string, string, Values][] = [
  ['text stays text, digits too', 'text', '12', { text: '12' }],
  ['blanks stay text', 'text', ' ', { text: ' ' }],
  ['a whole number', 'depth', '12', { depth: 12 }],
  ['a whole number with an exponent', 'depth', '1e3', { depth: 1000 }],
  ['a number with a sign and blanks', 'depth', ' -3 ', { depth: -3 }],
  ['a number as JavaScript writes it', 'ratio', '1e+21', { ratio: 1e21 }],
  ['a fraction', 'ratio', '0.5', { ratio: 0.5 }],
  ['an exponent', 'ratio', '1e-3', { ratio: 0.001 }],
  ['true in any case', 'fast', 'TRUE', { fast: true }],
  ['false', 'fast', 'false', { fast: false }],
  ['a checked box', 'fast', 'on', { fast: true }],
  ['one of a list stays text', 'mode', '1', { mode: '1' }],
  ['an empty text that is one of a list', 'suffix', '', { suffix: '' }],
  ['a date', 'day', ' 2026-03-31 ', { day: '2026-03-31' }],
  ['one item', 'hosts', 'a', { hosts: ['a'] }],
  ['an item with blanks', 'hosts', ' a b ', { hosts: [' a b '] }],
  ['an item in brackets', 'hosts', '[a]', { hosts: ['[a]'] }],
  ['an empty text in place of a default', 'title', '', { title: '' }],
  ['an empty list in place of a default', 'tags', '', { tags: [] }],
  ['an invalid number stays text', 'depth', '12abc', { depth: '12abc' }],
  ['a decimal comma stays text', 'ratio', '1,5', { ratio: '1,5' }],
  ['hexadecimal stays text', 'depth', '0x10', { depth: '0x10' }],
  ['Infinity stays text', 'ratio', 'Infinity', { ratio: 'Infinity' }],
  ['an invalid boolean stays text', 'fast', 'maybe', { fast: 'maybe' }],
  ...['depth', 'ratio', 'fast', 'mode', 'day'].map((name): [string, string, string, Values] => [
    `an empty ${name} is not given`,
    name,
    '',
    {},
  ]),
  ['a blank number is not given', 'depth', '  ', {}],
];

describe('paramsFromForm', () => {
  it.each(ALIKE)('%s', (_what, name, text, expected) =>
    expect(paramsFromForm(specs, { [name]: text })).toEqual(expected),
  );

  it.each<[string, string, string, Values]>([
    ['line breaks of a browser become LF', 'notes', 'a\r\nb\r\n', { notes: 'a\nb\n' }],
    ['line breaks in a text of one line are kept', 'text', 'a\r\nb', { text: 'a\nb' }],
    ['an empty text is not given', 'text', '', {}],
    ['each line is an item, blank lines are none', 'hosts', 'a\r\n\r\n b\r\n \r\n', { hosts: ['a', ' b'] }],
    ['an empty list is not given', 'hosts', '\r\n', {}],
    ['brackets are no list', 'hosts', '["a"]', { hosts: ['["a"]'] }],
    ['an unknown name is kept, so that it is rejected', 'colour', '', { colour: '' }],
    ['a name that every object has is unknown', 'constructor', '1', { constructor: '1' }],
  ])('%s', (_what, name, text, expected) =>
    expect(paramsFromForm(specs, { [name]: text })).toEqual(expected),
  );

  it.each([
    ['depth', '1.2.3'],
    ['depth', '9007199254740993'],
    ['depth', '1e999'],
    ['ratio', '.'],
    ['ratio', '1,5'],
    ['depth', '12abc'],
    ['fast', 'maybe'],
    ['day', '2026-02-30'],
  ])('does not convert %s=%s into a valid value', (name, text) =>
    expect(checkParams(specs, paramsFromForm(specs, { [name]: text })).errors).toHaveLength(1),
  );
});

describe('paramsFromCommandLine', () => {
  it.each(ALIKE)('%s', (_what, name, text, expected) =>
    expect(paramsFromCommandLine(specs, { [name]: [text] })).toEqual(expected),
  );

  it.each<[string, string, string[], Values]>([
    ['line breaks are kept', 'notes', ['a\r\nb\n'], { notes: 'a\r\nb\n' }],
    ['an empty text is given', 'text', [''], { text: '' }],
    ['an empty text is an empty list', 'hosts', [''], { hosts: [] }],
    ['a repeated name has several items', 'hosts', ['a', '["b"]'], { hosts: ['a', '["b"]'] }],
    ['a list can be JSON', 'hosts', [' ["a", "b, c"] '], { hosts: ['a', 'b, c'] }],
    ['an empty list can be JSON', 'tags', ['[]'], { tags: [] }],
    ['items of JSON keep their type, so that it is checked', 'hosts', ['[1]'], { hosts: [1] }],
    ['an unknown name is kept, so that it is rejected', 'colour', ['', 'a'], { colour: ['', 'a'] }],
  ])('%s', (_what, name, values, expected) =>
    expect(paramsFromCommandLine(specs, { [name]: values })).toEqual(expected),
  );

  it('allows only arrays to be repeated', () =>
    expect(
      wronglyRepeated(specs, { hosts: ['a', 'b'], text: ['a', 'b'], depth: ['1'], x: ['', ''] }),
    ).toEqual(['text', 'x']));
});
