import { htmlToText } from '../html-text';
import { listIn, membersOf, parseJson, type Provider, textOf } from './provider';

const PAGE_SIZE = 100;

/** Lever Postings API: pages of a list. Unknown companies answer 404. The company is known only from the sources. */
export const lever: Provider = {
  accept: 'application/json',
  isEmptyAnswerAmbiguous: false,
  urlOf: ({ name, baseUrl }, offset) =>
    new URL(`${baseUrl}/${encodeURIComponent(name)}?mode=json&skip=${offset}&limit=${PAGE_SIZE}`),
  read: (body, offset) => {
    const list = listIn(parseJson(body), 'postings');
    return {
      postings: list.map((posting) => {
        const members = membersOf(posting);
        const html = htmlOf(members);
        return {
          url: members.hostedUrl,
          title: members.text,
          company: undefined,
          location: membersOf(members.categories).location,
          postedAt: members.createdAt,
          text: htmlToText(html),
          html,
        };
      }),
      nextOffset: list.length < PAGE_SIZE ? null : offset + list.length,
    };
  },
};

/** Lever splits a description into an opening, lists with headings, and a closing. */
function htmlOf({ description, lists, additional }: Record<string, unknown>): string {
  const middle = (Array.isArray(lists) ? lists : []).map((list) => {
    const { text, content } = membersOf(list);
    return `<h3>${textOf(text)}</h3><ul>${textOf(content)}</ul>`;
  });
  return [textOf(description), ...middle, textOf(additional)].join('\n');
}
