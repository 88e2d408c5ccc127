import { jobIdOf } from './normalised-url';
import { MAX_PAGE_TRIES, type PageState, selectPages } from './page-selection';
import type { FoundPosting } from './posting';

const posting = (name: string): FoundPosting => ({
  source: 'feed:a.com',
  url: `https://a.com/${name}`,
  title: name,
  company: '',
  location: '',
  postedAt: null,
  text: '',
  recordedHtml: null,
  queries: ['q'],
});
const known = (states: Record<string, PageState>) =>
  new Map(Object.entries(states).map(([name, state]) => [jobIdOf(posting(name).url), state]));

describe('selectPages', () => {
  it('selects new postings first, then known ones without a page, those with the fewest tries first', () => {
    const pages = known({
      captured: { isCaptured: true, tries: 1 },
      failedTwice: { isCaptured: false, tries: 2 },
      failedOnce: { isCaptured: false, tries: 1 },
      notReached: { isCaptured: false, tries: 0 },
      givenUp: { isCaptured: false, tries: MAX_PAGE_TRIES },
    });
    const names = ['captured', 'failedTwice', 'failedOnce', 'notReached', 'givenUp', 'new', 'new'];
    const { wanted, leftCount } = selectPages(names.map(posting), pages, 3);
    expect(wanted.map(({ title }) => title)).toEqual(['new', 'notReached', 'failedOnce']);
    expect(leftCount).toBe(1);
  });

  it('leaves no page within the limit', () => {
    expect(selectPages([posting('a')], new Map(), 1)).toMatchObject({
      leftCount: 0,
      wanted: [{ title: 'a' }],
    });
  });
});
