import type { Corpus } from './corpus';
import { casingOf } from './extract';
import { sentencesOf } from './language';
import { parseMarkdown } from './markdown';
import { best, collect } from './provisional';
import { termKey } from './words';

function define(term: string, source: string, code = false) {
  const corpus: Corpus = {
    docs: '.',
    root: '/',
    documents: [parseMarkdown('a.md', source)],
    skipped: [],
    unreadable: [],
  };
  expect(sentencesOf(corpus.documents[0]!, casingOf(corpus)).length).toBeGreaterThan(0);
  const key = termKey(term);
  return best(collect(corpus, [{ key, code }]).get(key)?.definitions ?? [])[0] ?? null;
}

describe('definitions', () => {
  it.each([
    ['lease', 'A lease is a claim that ends by itself.', 'copula'],
    ['lease', 'Workers hold leases. Leases are claims that end by themselves.', 'copula'],
    ['lease', 'The lease of a run is a claim that ends by itself.', 'copula'],
    ['lease', 'In Jobato, a lease is a claim that ends by itself.', 'copula'],
    ['lease', 'A lease means that a worker has the run for a while.', 'means'],
    ['lease', '- **Lease**: a claim that ends by itself', 'label'],
    ['lease', '| word | meaning |\n|---|---|\n| lease | A claim that ends by itself. |', 'label'],
    ['lease', 'The worker takes a short claim on the run, called a lease.', 'called'],
    ['lease', 'The lease, a claim that ends by itself, keeps others away.', 'apposition'],
    ['lease', '## Lease\n\nA claim on a run that ends by itself.', 'heading'],
    ['lease', 'The lease keeps other workers away from a run.', 'subject'],
    ['SSE', 'Pages read Server-Sent Events (SSE).', 'expansion'],
  ])('defines %s by %j as %s', (term, source, kind) => expect(define(term, source)?.kind).toBe(kind));

  it('rates a full definition above a remark, and a remark above a mention', () => {
    const outright = define('lease', 'A lease is a claim on a run that ends by itself.')?.confidence ?? 0;
    const remark = define('lease', 'The lease keeps other workers away from a run.')?.confidence ?? 0;
    const mention = define('lease', 'Other workers wait until the lease has ended.')?.confidence ?? 0;
    expect(outright).toBeGreaterThan(0.8);
    expect(remark).toBeGreaterThan(mention);
    expect(mention).toBeLessThan(0.25);
  });

  it('chooses the best of several sentences', () => {
    const source =
      'The lease keeps others away from the run.\n\nA lease is a claim on a run that ends by itself.';
    expect(define('lease', source)).toMatchObject({
      text: 'A lease is a claim on a run that ends by itself.',
      line: 3,
    });
  });

  it('includes a following sentence that continues the definition', () => {
    expect(define('lease', 'A lease is a claim on a run. It ends by itself.')?.text).toBe(
      'A lease is a claim on a run. It ends by itself.',
    );
  });

  it.each([
    'A lease is a claim that works as follows:',
    'Is a lease a claim that ends?',
    'A lease is a claim (which ends',
    'Lease, run, worker, stream',
    'Write “… a claim, called a lease” there.',
  ])('finds no definition in %j', (source) => expect(define('lease', source)).toBeNull());

  it.each(['This lease is a problem for the others.', 'The lease is ended by the worker itself.'])(
    'does not treat %j as a full definition',
    (source) => expect(define('lease', source)?.kind).not.toBe('copula'),
  );

  it('does not treat the description of an option as a definition of the same word', () => {
    const source = '- `limit`: The number of requests that are sent at once.';
    expect(define('limit', source, true)?.confidence).toBeGreaterThan(0.7);
    expect(define('limit', source)?.confidence).toBeLessThan(0.4);
  });

  it('adds a capital letter and a full stop, keeps code and truncates long text', () => {
    expect(define('lease', '- **Lease**: a claim with `ttl` seconds')?.text).toBe(
      'A claim with `ttl` seconds.',
    );
    const long = `A lease is a claim that ends by itself; ${'and so it goes on and on '.repeat(20)}.`;
    expect(define('lease', long)?.text).toBe('A lease is a claim that ends by itself.');
  });
});
