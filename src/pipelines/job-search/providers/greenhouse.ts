import { decodeHTML } from 'entities';
import { htmlToText } from '../html-text';
import { listIn, membersOf, parseJson, type Provider, textOf } from './provider';

/** Greenhouse Job Board API: one answer with all jobs of a board. Unknown boards answer 404. */
export const greenhouse: Provider = {
  accept: 'application/json',
  isEmptyAnswerAmbiguous: false,
  urlOf: ({ name, baseUrl }) => new URL(`${baseUrl}/${encodeURIComponent(name)}/jobs?content=true`),
  read: (body) => ({
    postings: listIn(membersOf(parseJson(body)).jobs, 'jobs').map((job) => {
      const { absolute_url, title, company_name, location, first_published, updated_at, content } =
        membersOf(job);
      // The description is HTML whose markup is encoded again.
      const html = decodeHTML(textOf(content));
      return {
        url: absolute_url,
        title,
        company: company_name,
        location: membersOf(location).name,
        postedAt: first_published ?? updated_at,
        text: htmlToText(html),
        html,
      };
    }),
    nextOffset: null,
  }),
};
