import { ALLOWLISTS, QUERIES, switched } from './input-switch';

const edited = (source: string, name = 'a', isEnabled = false) => {
  const result = switched(source, QUERIES, name, isEnabled);
  return result.outcome === 'changed' ? result.source : result;
};

describe('the text of a file after a switch', () => {
  it.each<[string, string, string]>([
    [
      'a value in a block mapping',
      'queries:\n  - id: a\n    text: x\n    enabled: true\n',
      'queries:\n  - id: a\n    text: x\n    enabled: false\n',
    ],
    [
      'a value in a flow mapping',
      'queries:\n  - {id: a,   enabled:   true, text: "x"}',
      'queries:\n  - {id: a,   enabled:   false, text: "x"}',
    ],
    [
      'a missing value in a flow mapping',
      'queries: [ { id: a, text: x }, { id: b, text: y } ]',
      'queries: [ { id: a, text: x, enabled: false }, { id: b, text: y } ]',
    ],
    [
      'a missing value before a comma at the end',
      'queries: [{ id: a, text: x, }]\n',
      'queries: [{ id: a, text: x, enabled: false, }]\n',
    ],
    [
      'a missing value in JSON',
      '{"queries": [{"id": "a", "text": "x"}]}',
      '{"queries": [{"id": "a", "text": "x", "enabled": false}]}',
    ],
    [
      'a missing value in a flow mapping of several lines',
      'queries: [\n  {\n    id: a, # one\n    text: x # two\n  } # three\n]\n',
      'queries: [\n  {\n    id: a, # one\n    text: x, enabled: false # two\n  } # three\n]\n',
    ],
    [
      'a missing value in a block mapping',
      '# top\nqueries:\n- id: a\n  text: x\n- id: b\n  text: y\n',
      '# top\nqueries:\n- id: a\n  text: x\n  enabled: false\n- id: b\n  text: y\n',
    ],
    [
      'a missing value before comments',
      'queries:\n  - id: a # one\n    # two\n    text: x # three\n    # four\n\n  # five\n  - id: b\n    text: y\n',
      'queries:\n  - id: a # one\n    # two\n    text: x # three\n    enabled: false\n    # four\n\n  # five\n  - id: b\n    text: y\n',
    ],
    [
      'a comment after the value',
      'queries:\n  - id: a\n    enabled: true   # until May\n    text: x\n',
      'queries:\n  - id: a\n    enabled: false   # until May\n    text: x\n',
    ],
    [
      'lines that end with CRLF',
      'queries:\r\n  - id: a\r\n    text: x\r\n  - id: b\r\n    text: y\r\n',
      'queries:\r\n  - id: a\r\n    text: x\r\n    enabled: false\r\n  - id: b\r\n    text: y\r\n',
    ],
    [
      'lines that end with CRLF, without one at the end',
      'queries:\r\n  - id: a\r\n    text: x',
      'queries:\r\n  - id: a\r\n    text: x\r\n    enabled: false',
    ],
    [
      'no line break at the end',
      'queries:\n  - id: a\n    text: x',
      'queries:\n  - id: a\n    text: x\n    enabled: false',
    ],
    [
      'quotes and a capital value',
      `queries:\n  - "id": 'a'\n    "text": "x: \\"y\\" # z"\n    'enabled': True\n`,
      `queries:\n  - "id": 'a'\n    "text": "x: \\"y\\" # z"\n    'enabled': false\n`,
    ],
    [
      'a text of several lines',
      'queries:\n  - id: a\n    text: >\n      one\n      two\n\n  - id: b\n    text: y\n',
      'queries:\n  - id: a\n    text: >\n      one\n      two\n    enabled: false\n\n  - id: b\n    text: y\n',
    ],
    [
      'a plain text of several lines',
      'queries:\n  - id: a\n    text: one\n      two # end\n',
      'queries:\n  - id: a\n    text: one\n      two # end\n    enabled: false\n',
    ],
    [
      'a list item that begins on the next line',
      'queries:\n  -\n    id: a\n    text: x\n',
      'queries:\n  -\n    id: a\n    text: x\n    enabled: false\n',
    ],
    [
      'directives, document marks and extensions',
      '%YAML 1.2\n---\nx-note: { enabled: true }\nqueries:\n  - { id: a, text: x, enabled: true }\n...\n',
      '%YAML 1.2\n---\nx-note: { enabled: true }\nqueries:\n  - { id: a, text: x, enabled: false }\n...\n',
    ],
    [
      'duplicates of an id, which are switched together',
      'queries:\n  - { id: a, text: x }\n  - { id: a, text: y, enabled: false }\n  - { id: a, text: z, enabled: true }\n',
      'queries:\n  - { id: a, text: x, enabled: false }\n  - { id: a, text: y, enabled: false }\n  - { id: a, text: z, enabled: false }\n',
    ],
    [
      'an anchor that no other item uses',
      'queries:\n  - &one\n    id: a\n    text: x\n  - { id: b, text: y }\n',
      'queries:\n  - &one\n    id: a\n    text: x\n    enabled: false\n  - { id: b, text: y }\n',
    ],
    [
      'an item that merges another one',
      'queries:\n  - &one { id: b, text: x, enabled: true }\n  - { <<: *one, id: a }\n',
      'queries:\n  - &one { id: b, text: x, enabled: true }\n  - { <<: *one, id: a, enabled: false }\n',
    ],
    [
      'an item in block style that merges values',
      'x-on: &on { enabled: true }\nqueries:\n  - id: a\n    text: x\n    <<: *on\n  - { <<: *on, id: b, text: y }\n',
      'x-on: &on { enabled: true }\nqueries:\n  - id: a\n    text: x\n    <<: *on\n    enabled: false\n  - { <<: *on, id: b, text: y }\n',
    ],
    [
      'an item that is an alias, whose anchor stays as it is',
      'x-one: &one { id: a, text: x }\nqueries:\n  - *one # here\n',
      'x-one: &one { id: a, text: x }\nqueries:\n  - { <<: *one, enabled: false } # here\n',
    ],
    [
      'a value that is an alias',
      'x-on: &on true\nqueries:\n  - { id: a, text: x, enabled: *on }\n  - { id: b, text: y, enabled: *on }\n',
      'x-on: &on true\nqueries:\n  - { id: a, text: x, enabled: false }\n  - { id: b, text: y, enabled: *on }\n',
    ],
    [
      'a list that is an alias',
      'x-list: &list\n  - { id: a, text: x }\nqueries: *list\n',
      'x-list: &list\n  - { id: a, text: x, enabled: false }\nqueries: *list\n',
    ],
    [
      'a tag and an anchor of the value',
      'queries:\n  - id: a\n    enabled: !!bool &on true\n    text: x\n',
      'queries:\n  - id: a\n    enabled: !!bool &on false\n    text: x\n',
    ],
  ])('differs only in the item: %s', (_what, source, expected) => expect(edited(source)).toBe(expected));

  it.each<[string, string, string]>([
    ['a number', '2026', 'queries: [{ id: 2026, text: x }]'],
    ['a slash and blanks', 'a / b', 'queries: [{ id: " a / b ", text: x }]'],
    ['a per cent sign', '100%', 'queries: [{ id: 100%, text: x }]'],
    ['a word of every object', '__proto__', 'queries: [{ id: __proto__, text: x }]'],
  ])('has an item whose id is %s', (_what, name, source) =>
    expect(edited(source, name)).toBe(source.replace('x }', 'x, enabled: false }')),
  );

  it('has a domain without a state of its own enabled again', () => {
    const source = 'allowlists:\n  - { domain: a.com, enabled: false }\n';
    expect(switched(source, ALLOWLISTS, 'a.com', true)).toEqual({
      outcome: 'changed',
      source: source.replace('false', 'true'),
      item: { domain: 'a.com', isEnabled: true },
    });
  });
});

describe('nothing is changed', () => {
  it('if the item has that state', () =>
    expect(edited('queries: [{ id: a, text: x }]', 'a', true)).toEqual({
      outcome: 'unchanged',
      item: { queryId: 'a', text: 'x', isEnabled: true },
    }));

  it.each(['b', 'A', '', 'queries'])('if no item is named %j', (name) =>
    expect(edited('queries: [{ id: a, text: x }]', name)).toEqual({ outcome: 'unknown' }),
  );

  it('if the file is invalid', () =>
    expect(edited('queries:\n  - { id: a, text: x }\n  - { id: b }\n')).toEqual({
      outcome: 'invalid',
      flaw: { line: 3, reason: expect.stringContaining('must have "text"') },
    }));

  it.each<[string, string, number]>([
    ['merges the item', 'queries:\n  - &one { id: a, text: x }\n  - { <<: *one, id: b }\n', 2],
    [
      'merges a block item',
      'queries:\n  - { id: c, text: y }\n  - &one\n    id: a\n    text: x\n  - { <<: *one, id: b }\n',
      4,
    ],
    [
      'has an alias of its value',
      'queries:\n  - { id: a, text: x, enabled: &on true }\n  - { id: b, text: y, enabled: *on }\n',
      2,
    ],
    ['has its id too, and is an alias', 'x-base: &base\n  queries: [{ id: a, text: x }]\n<<: *base\n', 1],
  ])('if another item %s, and names its line', (_what, source, line) =>
    expect(edited(source)).toEqual({ outcome: 'shared', line }),
  );
});
