import { acronymsIn } from './acronyms';

describe('acronymsIn', () => {
  it.each([
    ['It pushes Server-Sent Events (SSE) to pages.', 'SSE', 'Server-Sent Events'],
    ['An SSE (Server-Sent Events) stream.', 'SSE', 'Server-Sent Events'],
    ['The object relational mappers (ORMs) differ.', 'ORM', 'object relational mappers'],
    ['A single source of truth (SST) helps.', 'SST', 'single source of truth'],
  ])('finds the expansion in %j', (text, acronym, expansion) => {
    expect(acronymsIn({ text })).toEqual([{ acronym, expansion }]);
  });

  it('requires matching initial letters', () =>
    expect(acronymsIn({ text: 'See the standard (RFC) and a page (URL).' })).toEqual([]));
});
