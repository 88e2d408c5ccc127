import { parseAllowlists, parseQueries } from './input-file';

describe('queries.yaml', () => {
  it('lists queries, enabled by default', () =>
    expect(
      parseQueries(
        'queries:\n  - { id: q1, text: " Data engineer " }\n  - { id: 2, text: 2026, enabled: false }\n',
      ),
    ).toEqual({
      content: [
        { queryId: 'q1', text: 'Data engineer', isEnabled: true },
        { queryId: '2', text: '2026', isEnabled: false },
      ],
    }));

  it('accepts JSON and an empty list', () => {
    expect(parseQueries('{"queries":[{"id":"q","text":"x","enabled":true}]}').content).toHaveLength(1);
    expect(parseQueries('queries: []')).toEqual({ content: [] });
  });

  it.each<[string, string, number, RegExp]>([
    ['is not YAML', 'queries: [', 1, /\S/],
    ['is a list', '- id: x', 1, /mapping such as "queries: \[\]"/],
    ['has another key', 'query: []', 1, /"queries"|unknown key "query"/],
    ['has a query without a text', 'queries:\n  - { id: a, text: x }\n  - id: b\n', 3, /must have "text"/],
    ['has a blank text', 'queries:\n  - id: a\n    text: " "\n', 3, /"queries\.0\.text"/],
    ['has a word for true', 'queries:\n  - { id: a, text: x, enabled: sure }', 2, /true or false/],
    ['misspells enabled', 'queries:\n  - id: a\n    text: x\n    enable: false\n', 4, /unknown key "enable"/],
  ])('is rejected if it %s', (_what, source, line, reason) =>
    expect(parseQueries(source).flaws).toContainEqual({ line, reason: expect.stringMatching(reason) }),
  );
});

describe('allowlists.yaml', () => {
  it('lists domains, enabled by default', () =>
    expect(
      parseAllowlists('allowlists:\n  - domain: example.com\n  - { domain: b.org, enabled: false }\n'),
    ).toEqual({
      content: [
        { domain: 'example.com', isEnabled: true },
        { domain: 'b.org', isEnabled: false },
      ],
    }));

  it.each<[string, string, number, RegExp]>([
    ['has a URL for a domain', 'allowlists:\n  - domain: https://b.org\n', 2, /not a domain/],
    ['has a space in a domain', 'allowlists:\n  - domain: b org\n', 2, /"b org" is not a domain/],
    ['has no list', 'x-note: a\n', 1, /the file must have "allowlists"/],
    ['has no domain', 'allowlists:\n  - enabled: true\n', 2, /must have "domain"/],
    ['has a string for a list', 'allowlists: b.org\n', 1, /must be a list/],
  ])('is rejected if it %s', (_what, source, line, reason) =>
    expect(parseAllowlists(source).flaws).toContainEqual({ line, reason: expect.stringMatching(reason) }),
  );
});
