import { runInputs } from './run-inputs';

const query = (queryId: string, text: string, isEnabled = true) => ({ queryId, text, isEnabled });
const domain = (name: string, isEnabled = true) => ({ domain: name, isEnabled });
const searches = (...args: Parameters<typeof runInputs>) =>
  runInputs(...args)!.map(({ searchQuery }) => searchQuery);

describe('the inputs of a run', () => {
  it('are each query at each domain, the queries outside', () =>
    expect(runInputs([query('q1', 'Rust'), query('q2', 'Go')], [domain('a.com'), domain('b.org')])).toEqual([
      { queryId: 'q1', queryText: 'Rust', domain: 'a.com', searchQuery: 'site:a.com Rust' },
      { queryId: 'q1', queryText: 'Rust', domain: 'b.org', searchQuery: 'site:b.org Rust' },
      { queryId: 'q2', queryText: 'Go', domain: 'a.com', searchQuery: 'site:a.com Go' },
      { queryId: 'q2', queryText: 'Go', domain: 'b.org', searchQuery: 'site:b.org Go' },
    ]));

  it('leave out what is not enabled', () =>
    expect(
      searches([query('q1', 'Rust', false), query('q2', 'Go')], [domain('a.com'), domain('b.org', false)]),
    ).toEqual(['site:a.com Go']));

  it('ask nothing twice, however it is written; the first one counts', () =>
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

  it('do not let one that is not enabled stand for another that is', () =>
    expect(searches([query('q1', 'Go', false), query('q2', 'go')], [domain('a.com')])).toEqual([
      'site:a.com go',
    ]));

  it('are none where either has none', () => {
    expect(runInputs([], [domain('a.com')])).toEqual([]);
    expect(runInputs([query('q1', 'Go')], [])).toEqual([]);
  });

  it('are not made where there are too many to carry', () => {
    const many = (count: number) => Array.from({ length: count }, (_, n) => query(`q${n}`, `text ${n}`));
    const domains = (count: number) => Array.from({ length: count }, (_, n) => domain(`${n}.com`));
    expect(runInputs(many(100), domains(1000))).toHaveLength(100_000);
    expect(runInputs(many(1001), domains(100))).toBeNull();
  });
});
