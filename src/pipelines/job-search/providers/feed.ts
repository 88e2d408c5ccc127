import { DomHandler, DomUtils, Parser } from 'htmlparser2';
import { htmlToText } from '../html-text';
import type { RawPosting } from '../posting';
import { type Provider, UnreadableAnswer } from './provider';

type Nodes = DomHandler['dom'];
type Element = NonNullable<ReturnType<typeof DomUtils.findOne>>;

/** Nesting of a feed. More is not a feed, and would exhaust the stack. */
const MAX_DEPTH = 100;

/** RSS 2.0 and Atom, with the members of WP Job Manager for company and location. */
export const feed: Provider = {
  accept: 'application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.8',
  isEmptyAnswerAmbiguous: false,
  urlOf: ({ baseUrl }) => new URL(baseUrl),
  read: (body) => {
    const root = parseXml(body);
    switch (root.name) {
      case 'rss':
        return { postings: DomUtils.getElementsByTagName('item', root).map(fromRss), nextOffset: null };
      case 'feed':
        return { postings: DomUtils.getElementsByTagName('entry', root).map(fromAtom), nextOffset: null };
      default:
        throw new UnreadableAnswer('The answer is neither RSS nor Atom.');
    }
  },
};

function fromRss({ children }: Element): RawPosting {
  const html = textIn(children, 'content:encoded') || textIn(children, 'description');
  return {
    url: textIn(children, 'link') || textIn(children, 'guid'),
    title: textIn(children, 'title'),
    company: textIn(children, 'company') || textIn(children, 'job_listing:company'),
    location: textIn(children, 'location') || textIn(children, 'job_listing:location'),
    postedAt: textIn(children, 'pubDate'),
    text: htmlToText(html),
    html,
  };
}

function fromAtom({ children }: Element): RawPosting {
  const links = children.filter((node): node is Element => DomUtils.isTag(node) && node.name === 'link');
  const link = links.find(({ attribs }) => (attribs.rel ?? 'alternate') === 'alternate');
  const html = textIn(children, 'content') || textIn(children, 'summary');
  return {
    url: link?.attribs.href,
    title: textIn(children, 'title'),
    company: textIn(children, 'company'),
    location: textIn(children, 'location'),
    postedAt: textIn(children, 'published') || textIn(children, 'updated'),
    text: htmlToText(html),
    html,
  };
}

function textIn(children: Nodes, name: string): string {
  const node = children.find((child) => DomUtils.isTag(child) && child.name === name);
  return node === undefined ? '' : DomUtils.textContent(node).trim();
}

/** The parser accepts what browsers accept. An element that is still open at the end shows a feed that was cut off. */
function parseXml(body: string): Element {
  let isCut = false;
  let depth = 0;
  class Checked extends DomHandler {
    override onopentag(name: string, attribs: Record<string, string>): void {
      if (++depth > MAX_DEPTH) throw new UnreadableAnswer('The answer is nested too deeply.');
      super.onopentag(name, attribs);
    }
    override onclosetag(): void {
      depth--;
      super.onclosetag();
    }
  }
  const handler = new Checked();
  const parser = new Parser(
    {
      onparserinit: (instance) => handler.onparserinit(instance),
      onopentag: (name, attribs) => handler.onopentag(name, attribs),
      onclosetag: (_name, isImplied) => {
        if (isImplied && !isSelfClosing(body, parser.endIndex)) isCut = true;
        handler.onclosetag();
      },
      ontext: (text) => handler.ontext(text),
      oncdatastart: () => handler.oncdatastart(),
      oncdataend: () => handler.oncdataend(),
      onend: () => handler.onend(),
    },
    { xmlMode: true },
  );
  parser.write(body);
  parser.end();
  const root = handler.dom.find((node): node is Element => DomUtils.isTag(node));
  if (root === undefined) throw new UnreadableAnswer('The answer is not XML.');
  if (isCut) throw new UnreadableAnswer('The feed ends in the middle of an element.');
  return root;
}

/** The parser reports the end of `<link/>` as implied too. */
function isSelfClosing(body: string, end: number): boolean {
  return body[end] === '>' && body[end - 1] === '/';
}
