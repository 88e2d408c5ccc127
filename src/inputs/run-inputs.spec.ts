import { runInputs, searchCount } from './run-inputs';

const query = (queryId: string, text: string, isEnabled = true) => ({ queryId, text, isEnabled });
const domain = (name: string, isEnabled = true) => ({ domain: name, isEnabled });
const searches = (...args: Parameters<typeof runInputs>) =>
  runInputs(...args)!.map(({ searchQuery }) => searchQuery);

describe('runInputs', () => {
  it('combines each query with each domain, query by query', () =>
    expect(runInputs([query('q1', 'Rust'), query('q2', 'Go')], [domain('a.com'), domain('b.org')])).toEqual([
      { queryId: 'q1', queryText: 'Rust', domain: 'a.com', searchQuery: 'site:a.com Rust' },
      { queryId: 'q1', queryText: 'Rust', domain: 'b.org', searchQuery: 'site:b.org Rust' },
      { queryId: 'q2', queryText: 'Go', domain: 'a.com', searchQuery: 'site:a.com Go' },
      { queryId: 'q2', queryText: 'Go', domain: 'b.org', searchQuery: 'site:b.org Go' },
    ]));

  it('omits disabled queries and domains', () =>
    expect(
      searches([query('q1', 'Rust', false), query('q2', 'Go')], [domain('a.com'), domain('b.org', false)]),
    ).toEqual(['site:a.com Go']));

  it('removes duplicates regardless of case, and keeps the first', () =>
    expect(
      runInputs(
        [query('q1', 'Data Engineer'), query('q2', 'data engineer')],
        [domain('Example.com'), domain('example.com')],
      ),
    ).toEqual([
      {
        queryId: 'q1',
        queryText: 'Data Engineer',
        domain: 'Example.com',
        searchQuery: 'site:Example.com Data Engineer',
      },
    ]));

  it('removes duplicates regardless of white space', () =>
    expect(
      searches([query('q1', 'Data  engineer'), query('q2', 'data\tEngineer ')], [domain('a.com')]),
    ).toEqual(['site:a.com Data  engineer']));

  it('keeps an enabled query that duplicates a disabled one', () =>
    expect(searches([query('q1', 'Go', false), query('q2', 'go')], [domain('a.com')])).toEqual([
      'site:a.com go',
    ]));

  it('returns an empty list without queries or domains', () => {
    expect(runInputs([], [domain('a.com')])).toEqual([]);
    expect(runInputs([query('q1', 'Go')], [])).toEqual([]);
  });

  it.each([
    ['no lists', [], []],
    ['one of each', [query('q', 'Go')], [domain('a.com')]],
    [
      'disabled ones',
      [query('q', 'Go'), query('r', 'Zig', false)],
      [domain('a.com', false), domain('b.org')],
    ],
    [
      'duplicates',
      [query('q', 'Go  on'), query('r', 'go ON'), query('s', 'Zig')],
      [domain('A.com'), domain('a.com')],
    ],
    [
      'texts that end like a domain',
      [query('q', 'a.com b'), query('r', 'b')],
      [domain('x'), domain('site:x')],
    ],
  ])('are as many as searchCount says: %s', (_what, queries, domains) => {
    const inputs = runInputs(queries, domains)!;
    const count = searchCount(queries, domains);
    expect(count.searches).toBe(inputs.length);
    expect(count.searches).toBe(count.queries * count.domains);
    if (count.searches > 0) expect(new Set(inputs.map((input) => input.domain)).size).toBe(count.domains);
  });

  it('returns null if there are too many combinations', () => {
    const many = (count: number) => Array.from({ length: count }, (_, n) => query(`q${n}`, `text ${n}`));
    const domains = (count: number) => Array.from({ length: count }, (_, n) => domain(`${n}.com`));
    expect(runInputs(many(100), domains(1000))).toHaveLength(100_000);
    expect(runInputs(many(1001), domains(100))).toBeNull();
  });
});
