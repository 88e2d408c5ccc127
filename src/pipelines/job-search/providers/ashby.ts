import { htmlToText } from '../html-text';
import { listIn, membersOf, parseJson, type Provider, textOf } from './provider';

/** Ashby job posting API: one answer with all jobs. A board that never existed has an empty list, as an empty one. */
export const ashby: Provider = {
  accept: 'application/json',
  isEmptyAnswerAmbiguous: true,
  urlOf: ({ name, baseUrl }) => new URL(`${baseUrl}/${encodeURIComponent(name)}`),
  read: (body) => ({
    postings: listIn(membersOf(parseJson(body)).jobs, 'jobs')
      .map(membersOf)
      .filter(({ isListed }) => isListed !== false)
      .map(({ jobUrl, title, location, publishedAt, descriptionHtml, descriptionPlain }) => {
        const html = textOf(descriptionHtml);
        return {
          url: jobUrl,
          title,
          company: undefined,
          location,
          postedAt: publishedAt,
          text: html === '' ? textOf(descriptionPlain) : htmlToText(html),
          html,
        };
      }),
    nextOffset: null,
  }),
};
