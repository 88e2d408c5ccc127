import type { RawPosting } from '../posting';

/** What a provider needs to know to ask for postings. */
export interface Board {
  /** Name of the board, or the company at the provider; empty for a feed. */
  name: string;
  /** The base address of the API, or the address of the feed. */
  baseUrl: string;
}

export interface PostingsPage {
  /** Members can be missing or of another type: one broken posting does not spoil the others. */
  postings: (RawPosting | null)[];
  /** How many postings precede the next page; null on the last page. */
  nextOffset: number | null;
}

/** One kind of job board: where it is asked, and how its answer is read. */
export interface Provider {
  accept: string;
  urlOf: (board: Board, offset: number) => URL;
  /** @throws UnreadableAnswer */
  read: (body: string, offset: number) => PostingsPage;
  /** The provider gives an empty answer for boards that do not exist. */
  isEmptyAnswerAmbiguous: boolean;
}

/** The answer is not in the format of the provider. */
export class UnreadableAnswer extends Error {}

export type Members = Record<string, unknown>;

export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new UnreadableAnswer('The answer is not valid JSON.');
  }
}

/** Returns the members of an object, and none for any other value. */
export function membersOf(value: unknown): Members {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Members) : {};
}

export function listIn(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new UnreadableAnswer(`The answer has no list of ${what}.`);
  return value;
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
