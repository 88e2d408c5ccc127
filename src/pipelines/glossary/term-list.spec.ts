import { parseTextTermList, parseYamlTermList } from './term-list';

describe('term lists', () => {
  it('reads YAML', () => {
    expect(parseYamlTermList('excluded: [foo]\nrequired:\n  - lease\n  - event stream\n')).toEqual({
      excluded: ['foo'],
      required: ['lease', 'event stream'],
    });
    expect(parseYamlTermList('')).toEqual({ excluded: [], required: [] });
  });

  it('reads plain text with comments', () => {
    expect(
      parseTextTermList('# ours\nexcluded: foo, bar\nrequired:\nlease\n- event stream # both words\n'),
    ).toEqual({
      excluded: ['foo', 'bar'],
      required: ['lease', 'event stream'],
    });
  });

  it.each([
    ['forbidden: [a]', /only "excluded:" and "required:"/],
    ['excluded: a', /must be a list/],
    ['- a', /must hold/],
    ['excluded: [a]\nrequired: [a]', /both excluded and required/],
  ])('rejects %j', (text, message) => expect(() => parseYamlTermList(text)).toThrow(message));

  it('rejects text before the first header', () => {
    expect(() => parseTextTermList('lease\nexcluded:\n')).toThrow(/line 1/);
  });
});
