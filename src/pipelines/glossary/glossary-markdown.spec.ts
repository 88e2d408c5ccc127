import type { Glossary, GlossaryTerm } from './glossary';
import { glossaryMarkdown } from './glossary-markdown';

const lease: GlossaryTerm = {
  term: 'lease',
  anchor: 'term-lease',
  definition: 'A claim with `ttl_s` seconds for <you> and *me*.',
  confidence: 0.8,
  confidenceInWords: 'high',
  definedBy: 'label',
  sources: [{ document: 'docs/a b.md', line: 7 }],
  alsoDefinedAs: [],
  alsoCalled: ['claim'],
  seeAlso: ['worker'],
  occurrences: [
    { document: 'docs/a b.md', line: 7, context: 'x' },
    { document: 'docs/c.md', line: 2, context: 'x' },
    { document: 'docs/a b.md', line: 9, context: 'x' },
  ],
  occurrencesCount: 4,
  documentsCount: 2,
  openIssues: [
    { kind: 'circular', severity: 'warning', explanation: 'It goes round.', suggestion: 'Stop it.' },
  ],
};

const glossary = (more: Partial<Glossary> = {}): Glossary => ({
  format: 'jobato-glossary',
  version: 1,
  title: 'Our words',
  documents: { folder: 'docs', count: 2, skipped: [], unreadable: [] },
  terms: [lease, { ...lease, term: 'worker', anchor: 'term-worker', openIssues: [] }],
  undefinedTerms: [],
  missingTerms: [],
  openIssuesCount: 1,
  resolved: [],
  ...more,
});

const setting = { root: '/repo', folder: '/repo/data/work' };

describe('glossaryMarkdown', () => {
  const text = glossaryMarkdown(glossary(), setting);

  it('starts with title, counts and an index', () => {
    expect(text).toContain('# Our words\n\n2 terms out of 2 documents in `docs`.');
    expect(text).toContain('1 issue is open');
    expect(text).toContain('**[L](#l)** [lease](#term-lease)  \n**[W](#w)** [worker](#term-worker)');
  });

  it('shows definition, confidence, synonyms, related terms, sources and issues of each term', () => {
    expect(text).toContain(
      [
        '### <a id="term-lease"></a>lease',
        '',
        'A claim with `ttl_s` seconds for \\<you\\> and \\*me\\*.',
        '',
        '- Confidence: high (0.80), explained by name in [docs/a b.md:7](../../docs/a%20b.md#L7)',
        '- Also called: claim',
        '- See also: [worker](#term-worker)',
        '- Seen in: [docs/a b.md:7](../../docs/a%20b.md#L7), [9](../../docs/a%20b.md#L9), [docs/c.md:2](../../docs/c.md#L2), … (4 times in 2 documents)',
        '- Open (warning): It goes round. Stop it.',
      ].join('\n'),
    );
  });

  it('adjusts links to the folder of the copy', () => {
    expect(glossaryMarkdown(glossary(), { root: '/repo', folder: '/repo' })).toContain('(docs/a%20b.md#L7)');
  });

  it('lists undefined terms, missing terms and unreadable documents', () => {
    const holes = glossaryMarkdown(
      glossary({
        missingTerms: ['fence'],
        undefinedTerms: [{ ...lease, term: 'outbox', openIssues: [] }],
        documents: {
          folder: 'docs',
          count: 2,
          skipped: [],
          unreadable: [{ document: 'c.md', reason: 'binary' }],
        },
      }),
      setting,
    );
    expect(holes).toContain('## Used but not defined');
    expect(holes).toContain('- **outbox**: [docs/a b.md:7]');
    expect(holes).toContain('## Required but missing\n\nNo document uses these.\n\n- **fence**');
    expect(holes).toContain('## Documents not read\n\n- `c.md`: binary');
  });
});
