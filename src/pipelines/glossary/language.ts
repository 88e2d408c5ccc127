import model from 'wink-eng-lite-web-model';
import winkNLP from 'wink-nlp';
import { lineAt, type Block, type Document } from './corpus';
import { wordKey } from './words';

/** A word, number or sign of a sentence. Compounds ("in-memory", "Node.js", "@scope/name") are one token. */
export interface Token {
  text: string;
  /** See `wordKey`. A hyphenated token has several words here, as in `termKey`. */
  key: string;
  pos: PartOfSpeech;
  /** Offsets in the sentence's text. */
  start: number;
  end: number;
  code: boolean;
}

export type PartOfSpeech =
  | 'ADJ'
  | 'ADP'
  | 'ADV'
  | 'AUX'
  | 'CCONJ'
  | 'DET'
  | 'INTJ'
  | 'NOUN'
  | 'NUM'
  | 'PART'
  | 'PRON'
  | 'PROPN'
  | 'PUNCT'
  | 'SCONJ'
  | 'SYM'
  | 'VERB'
  | 'X'
  | 'SPACE';

export interface Sentence {
  /** As in the document, including backticks. */
  text: string;
  tokens: Token[];
  document: string;
  line: number;
  block: Block;
  /** The offset of the sentence in the block's text. */
  offset: number;
  /** The index of the sentence in the block, from 0. */
  index: number;
}

const splitter = winkNLP(model, ['sbd']);
const tagger = winkNLP(model, ['sbd', 'pos']);
const its = tagger.its;

/** Counts how often each word is lower case, and how often it is capitalised within a sentence. */
export class Casing {
  private readonly small = new Map<string, number>();
  private readonly capital = new Map<string, number>();

  learn(document: Document): void {
    for (const block of document.blocks) {
      if (block.kind === 'heading') continue;
      eachWord(block.text, (word, _start, initial) => {
        const lower = word.toLowerCase();
        if (word === lower) this.small.set(lower, (this.small.get(lower) ?? 0) + 1);
        else if (!initial) this.capital.set(lower, (this.capital.get(lower) ?? 0) + 1);
      });
    }
  }

  isUsuallySmall(word: string): boolean {
    const lower = word.toLowerCase();
    return (this.small.get(lower) ?? 0) > (this.capital.get(lower) ?? 0);
  }
}

function eachWord(text: string, visit: (word: string, start: number, initial: boolean) => void): void {
  for (const match of text.matchAll(/\p{L}[\p{L}\p{N}'’_]*/gu)) {
    const before = text.slice(Math.max(0, match.index - 3), match.index);
    visit(match[0], match.index, match.index === 0 || /[.!?:][\s"'(*]+$/.test(before));
  }
}

/** Returns the tagged sentences of a document, without boilerplate sections. */
export function sentencesOf(document: Document, casing: Casing): Sentence[] {
  return document.blocks.flatMap((block) =>
    block.boilerplate ? [] : sentencesOfBlock(document.path, block, casing),
  );
}

export function sentencesOfBlock(document: string, block: Block, casing: Casing): Sentence[] {
  const { text } = block;
  const readable = forTheTagger(text);
  // If a sentence starts with code, the backtick before it belongs to it.
  const spans = splitSentences(readable).map(([start, end]): [number, number] => [
    ownBacktick(text, start),
    ownBacktick(text, end),
  ]);
  return spans.map(([start, stop], index) => {
    const end = start + text.slice(start, stop).trimEnd().length;
    return {
      text: text.slice(start, end),
      tokens: tag(
        text.slice(start, end),
        recased(readable.slice(start, end), casing, block.kind === 'heading'),
      ),
      document,
      line: lineAt(block, start),
      block,
      offset: start,
      index,
    };
  });
}

function ownBacktick(text: string, at: number): number {
  return at < text.length && text[at - 1] === '`' && insideCode(text, at) ? at - 1 : at;
}

/**
 * Returns text of the same length that does not confuse the tagger. Backticks become blanks, and code that is not a
 * word becomes a name. Dots within words no longer end sentences.
 */
function forTheTagger(text: string): string {
  return text
    .replace(/`([^`]*)`/g, (_, code: string) => ` ${isWordLike(code) ? code : nameLike(code)} `)
    .replace(/\b(e\.g\.|i\.e\.)/gi, 'like')
    .replace(/\betc\.(?= [a-z(,])/g, 'etc ')
    .replace(/\bvs\.(?= )/g, 'and')
    .replace(/(?:https?:\/\/|www\.)[^\s)>\]]+/g, (url) => nameLike(url))
    .replace(/(?<=[\p{L}\p{N}])[./_@](?=[\p{L}\p{N}])|(?<![\p{L}\p{N}])[@.](?=\p{L})/gu, 'x')
    .replace(/[“”]/g, '"')
    .replace(/[‘’]/g, "'");
}

function isWordLike(code: string): boolean {
  return /^[@\p{L}][\p{L}\p{N}_.@/-]*$/u.test(code);
}

/** Returns a proper name of the same length; the tagger takes it for a noun, which code usually stands for. */
function nameLike(code: string): string {
  return 'Q'.padEnd(code.length, 'x').slice(0, code.length);
}

/**
 * Lowers the case of sentence starts and headings if the documents usually write the word so: "Workers claim" →
 * "workers".
 */
function recased(text: string, casing: Casing, heading: boolean): string {
  let result = text;
  eachWord(text, (word, start, initial) => {
    const titleCase = /^\p{Lu}[\p{Ll}'’]*$/u.test(word);
    if (titleCase && (initial || heading) && casing.isUsuallySmall(word)) {
      result = result.slice(0, start) + word.toLowerCase() + result.slice(start + word.length);
    }
  });
  return result;
}

function splitSentences(text: string): [number, number][] {
  const document = splitter.readDoc(text);
  const words = document.tokens().out();
  const starts: number[] = [];
  let cursor = 0;
  for (const word of words) {
    const at = text.indexOf(word, cursor);
    starts.push(at < 0 ? cursor : at);
    cursor = (at < 0 ? cursor : at) + word.length;
  }
  // eslint-disable-next-line @typescript-eslint/unbound-method -- wink identifies its outputs by these functions
  const spans = document.sentences().out(splitter.its.span) as unknown as [number, number][];
  const result: [number, number][] = [];
  spans.forEach(([first], position) => {
    const from = result.length === 0 ? 0 : (starts[first] ?? 0);
    const next = spans[position + 1];
    const to = next ? (starts[next[0]] ?? text.length) : text.length;
    // A "sentence" that starts in lower case was split at an abbreviation.
    const previous = result.at(-1);
    if (
      previous &&
      /^[\p{Ll},;)]/u.test(text.slice(from).trimStart()) &&
      !/[.!?]["')]?\s*$/.test(text.slice(0, from))
    ) {
      previous[1] = to;
    } else {
      result.push([from, to]);
    }
  });
  return result;
}

/** Tags `readable` and maps the result to `original`, which has the same length. */
function tag(original: string, readable: string): Token[] {
  const words = tagger.readDoc(readable).tokens();
  const texts = words.out();
  // eslint-disable-next-line @typescript-eslint/unbound-method -- as above
  const tags = words.out(its.pos) as PartOfSpeech[];
  const tokens: Token[] = [];
  let cursor = 0;
  texts.forEach((word, index) => {
    const at = readable.indexOf(word, cursor);
    if (at < 0) return;
    cursor = at + word.length;
    const pos = tags[index] ?? 'X';
    const previous = tokens.at(-1);
    if (previous && joins(previous, word, at, readable)) {
      previous.end = cursor;
      previous.pos = compoundTag(pos, previous.pos, word);
    } else {
      tokens.push({ text: word, key: '', pos, start: at, end: cursor, code: false });
    }
  });
  for (const token of tokens) {
    token.text = original.slice(token.start, token.end);
    token.code = insideCode(original, token.start);
    token.key = token.text.split('-').map(wordKey).filter(Boolean).join(' ');
  }
  return corrected(tokens);
}

/** Returns true for a hyphenated continuation: readers see "server-sent" as one word. */
function joins(previous: Token, word: string, at: number, text: string): boolean {
  if (previous.end !== at) return false;
  const last = text[at - 1] ?? '';
  const before = text[at - 2] ?? '';
  if (word === '-') return /[\p{L}\p{N}]/u.test(last) && /[\p{L}\p{N}]/u.test(text[at + 1] ?? '');
  return last === '-' && /[\p{L}\p{N}]/u.test(before) && /^[\p{L}\p{N}]/u.test(word);
}

function compoundTag(pos: PartOfSpeech, before: PartOfSpeech, word: string): PartOfSpeech {
  if (word === '-') return before;
  if (pos === 'NOUN' || pos === 'PROPN') return pos;
  return /(?:ed|ing|en)$/.test(word) || pos === 'ADJ' ? 'ADJ' : 'NOUN';
}

function insideCode(text: string, offset: number): boolean {
  let open = false;
  for (let index = 0; index < offset; index += 1) if (text[index] === '`') open = !open;
  return open;
}

const isNoun = (token: Token | undefined): boolean => token?.pos === 'NOUN' || token?.pos === 'PROPN';

/**
 * Corrects the tagger, which confuses verbs and nouns of this field ("the worker claims a run", "each queued run
 * waits"). Grammar decides clear cases: a verb between a noun and an article, a noun after an article and its
 * adjectives.
 */
function corrected(tokens: Token[]): Token[] {
  tokens.forEach((token, index) => {
    if (token.code) return;
    const before = tokens[index - 1];
    const after = tokens[index + 1];
    if (isNoun(token) && isReallyVerb(token, before, after, index)) token.pos = 'VERB';
    else if (token.pos === 'VERB' && isReallyNoun(token, before, tokens, index)) token.pos = 'NOUN';
  });
  return tokens;
}

function isReallyVerb(
  token: Token,
  before: Token | undefined,
  after: Token | undefined,
  index: number,
): boolean {
  const next = after?.text ?? '';
  // "Returns the …", "Checks if …", "Set a …"
  if (index === 0 && /^[A-Za-z][a-z]+$/.test(token.text)) {
    if (/^(a|an|the|if|whether)$/.test(next)) return true;
    return DOCUMENTING.test(token.text) && /^(ADJ|NOUN|PROPN|NUM|X)$/.test(after?.pos ?? '');
  }
  if (!/^[a-z]+$/.test(token.text)) return false;
  // "is overridden by …"
  if (before?.pos === 'AUX' && after?.pos === 'ADP') return /(?:ed|en)$/.test(token.text);
  // "the worker claims a …", "workers claim a …"
  if (!isNoun(before) || after?.pos !== 'DET' || /^(that|which|who|whose|all|both|each)$/.test(next))
    return false;
  return token.text.endsWith('s') || (before?.text.endsWith('s') ?? false);
}

function isReallyNoun(token: Token, before: Token | undefined, tokens: Token[], index: number): boolean {
  if (!/^[a-z]+$/.test(token.text) || /(?:ed|ing)$/.test(token.text)) return false;
  // "leases are claims that …"
  if (/^(are|were)$/.test(before?.text ?? '') && /[^s]s$/.test(token.text)) return true;
  return followsArticle(tokens, index);
}

/** Verbs that start sentences of reference documentation, in which the subject is omitted. */
const DOCUMENTING =
  /^(Returns?|Checks?|Sets?|Gets?|Allows?|Uses?|Enables?|Creates?|Defines?|Adds?|Parses?|Shows?|Makes?|Runs?|Calls?|Matches|Transforms?|Converts?|Reads?|Writes?|Starts?|Stops?|Prints?|Logs|Ignores?|Validates?|Specifies|Provides?|Emits?|Tests?)$/;

function followsArticle(tokens: Token[], index: number): boolean {
  let at = index - 1;
  while (
    tokens[at]?.pos === 'ADJ' ||
    (tokens[at]?.pos === 'VERB' && /(?:ed|ing)$/.test(tokens[at]?.text ?? ''))
  )
    at -= 1;
  return /^(a|an|the|each|every|one|this|its|their|no)$/i.test(tokens[at]?.text ?? '');
}
