import { Worker } from 'node:worker_threads';
import { Injectable } from '@nestjs/common';

/** A token of the Markdown parser. */
export interface MarkdownToken {
  type: string;
  tag: string;
  nesting: -1 | 0 | 1;
  hidden: boolean;
  content: string;
  /** The address of a link or a picture. */
  address: string | null;
  children: MarkdownToken[];
}

/** Crafted documents can take the parser longer. An ordinary one takes about 0.1 s on an idle machine. */
const MAX_PARSE_MS = 5_000;
const MAX_HEAP_MB = 256;
/** More than a page shows. */
const MAX_TOKENS = 60_000;
/** Documents queued behind the current one; further ones are not parsed. */
const MAX_WAITING = 8;

/**
 * Source text of the parser thread, because tests run the TypeScript sources and the server runs the built files.
 * HTML is only set apart here; `document-html.ts` decides what is shown of it. Addresses that are not marked as links
 * stay text.
 */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  const MarkdownIt = require(workerData.markdownIt);
  let left = workerData.maxTokens;
  const plain = (tokens) => {
    const list = [];
    for (const token of tokens) {
      if (left-- <= 0) break;
      list.push({
        type: token.type, tag: token.tag, nesting: token.nesting, hidden: token.hidden, content: token.content,
        address: token.attrGet('href') ?? token.attrGet('src'), children: plain(token.children ?? []),
      });
    }
    return list;
  };
  parentPort.once('message', (source) => {
    parentPort.postMessage(plain(new MarkdownIt({ html: true, linkify: false }).parse(source, {})));
  });
`;

/** Parses Markdown off the event loop, one document at a time, each with limits for time and memory. */
@Injectable()
export class MarkdownParser {
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  /** @returns null for a document that takes too long, or if too many are queued */
  parse(source: string, maxMs = MAX_PARSE_MS): Promise<MarkdownToken[] | null> {
    if (this.waiting >= MAX_WAITING) return Promise.resolve(null);
    this.waiting++;
    const parsed = this.last.then(() => parseInThread(source, maxMs));
    this.last = parsed.finally(() => this.waiting--);
    return parsed;
  }
}

function parseInThread(source: string, maxMs: number): Promise<MarkdownToken[] | null> {
  const thread = new Worker(THREAD, {
    eval: true,
    workerData: { markdownIt: require.resolve('markdown-it'), maxTokens: MAX_TOKENS },
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | null = null;
    const end = (tokens: MarkdownToken[] | null) => {
      if (timer) clearTimeout(timer);
      void thread.terminate();
      resolve(tokens);
    };
    // The time limit starts after the thread has started, so that a slow start does not count.
    thread.once('online', () => {
      timer = setTimeout(() => end(null), maxMs);
      thread.postMessage(source);
    });
    thread.once('message', (tokens: MarkdownToken[]) => end(tokens));
    thread.once('error', () => end(null));
  });
}
