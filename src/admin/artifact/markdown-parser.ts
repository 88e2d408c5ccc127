import { Worker } from 'node:worker_threads';
import { Injectable } from '@nestjs/common';

/** A piece of a document as the parser finds it. */
export interface MarkdownToken {
  type: string;
  tag: string;
  nesting: -1 | 0 | 1;
  hidden: boolean;
  content: string;
  /** Of a link or a picture. */
  address: string | null;
  children: MarkdownToken[];
}

/** Some documents of 256 KiB take the parser longer. An honest one takes a tenth of a second, where the machine is idle. */
const MAX_PARSE_MS = 5_000;
const MAX_HEAP_MB = 256;
/** More than a page shows. */
const MAX_TOKENS = 60_000;
/** Documents that wait for the one that is parsed; further ones are not parsed. */
const MAX_WAITING = 8;

/**
 * Runs in a thread of its own. It is text, because tests run the sources and the server runs what is built.
 * HTML in a document stays text; what looks like an address but is not marked as a link stays text as well.
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
    parentPort.postMessage(plain(new MarkdownIt({ html: false, linkify: false }).parse(source, {})));
  });
`;

/** Parses Markdown beside the event loop, one document at a time, each within a limit of time and memory. */
@Injectable()
export class MarkdownParser {
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  /** @returns null for a document that takes too long, or where too many wait */
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
    // The start of the thread is not the document's fault.
    thread.once('online', () => {
      timer = setTimeout(() => end(null), maxMs);
      thread.postMessage(source);
    });
    thread.once('message', (tokens: MarkdownToken[]) => end(tokens));
    thread.once('error', () => end(null));
  });
}
