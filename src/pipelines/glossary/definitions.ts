import type { Match } from './candidates';
import type { Block } from './corpus';
import { definesAt, isSubject, type DefiningKind } from './defining';
import type { Sentence, Token } from './language';
import { singular, termKey, wordKey } from './words';

/** The source of a definition, most reliable first. */
export type DefinitionKind = DefiningKind | 'heading' | 'expansion' | 'subject' | 'mention';

/** A sentence of the documents that may define a term. */
export interface Definition {
  text: string;
  kind: DefinitionKind;
  confidence: number;
  document: string;
  line: number;
}

/**
 * The initial confidence of each kind. "X is a …" is correct about nine times out of ten; a sentence that only
 * mentions X is a hint. The numbers are ranks with sensible distances, not measured probabilities.
 */
const BASE: Record<DefinitionKind, number> = {
  label: 0.8,
  copula: 0.85,
  means: 0.75,
  heading: 0.6,
  called: 0.5,
  apposition: 0.6,
  expansion: 0.45,
  subject: 0.4,
  mention: 0.2,
};

/** The properties of a term needed to rate a sentence about it. */
export interface DefinedWord {
  key: string;
  code: boolean;
}

/**
 * Lowers the confidence: "`limit` is a number" explains an option, which is rarely the meaning of "limit"
 * elsewhere.
 */
function aboutCode(definition: Definition): Definition {
  return { ...definition, confidence: rounded(definition.confidence - 0.5) };
}

const LONGEST = 320;
const SHORTEST_WORDS = 4;

/**
 * Returns the sentence's definition of the term at `match`, or null if it has none worth showing. `next` is the
 * following sentence in the block; it is appended if the first is short and it continues with "It …".
 */
export function definitionFrom(
  sentence: Sentence,
  match: Match,
  next: Sentence | undefined,
  term: DefinedWord,
): Definition | null {
  const { block, tokens } = sentence;
  if (block.kind === 'heading') return null;
  // A sentence that starts inside a label is a name, not a definition, and is skipped below.
  const kind =
    definesAt(sentence, match.first, match.last) ??
    (isPlainSubject(tokens, match.first, match.last) ? 'subject' : 'mention');
  const label = block.label;
  if (label && label.via !== 'table' && sentence.offset < label.from) return null;
  if (!isWhole(sentence)) return null;
  // List items often end without a full stop; then they are notes, not sentences.
  if (kind === 'mention' && !/[.!?]/.test(sentence.text.slice(-3))) return null;
  const text = finished(withFollowUp(sentence, kind, next));
  if (text === null) return null;
  const definition = judged(text, kind, sentence, termWordsOf(match.key));
  return sentence.tokens[match.first]?.code && !term.code ? aboutCode(definition) : definition;
}

/** Returns the explanation after a block's label: "**Lease**: a claim that ends by itself." */
export function definitionFromLabel(sentences: Sentence[], term: DefinedWord): Definition | null {
  const first = sentences[0];
  const label = first?.block.label;
  if (!first || !label) return null;
  const { block } = first;
  const rest = block.text.slice(label.from);
  const inside = sentences.filter((sentence) => sentence.offset + sentence.text.length > label.from);
  const opening = inside[0];
  if (!opening || rest.trim() === '') return null;
  let text = block.text
    .slice(Math.max(label.from, opening.offset), opening.offset + opening.text.length)
    .trim();
  const second = inside[1];
  if (second && text.length < 60 && text.length + second.text.length < LONGEST && isWhole(second))
    text += ` ${second.text}`;
  const words = text.split(/\s+/).length;
  if (words < SHORTEST_WORDS || !isClean(text) || /^(\(|see\b|default|type\b|e\.g)/i.test(text)) return null;
  const done = finished(text);
  if (done === null) return null;
  const definition = judged(done, 'label', { ...first, tokens: opening.tokens }, termWordsOf(term.key));
  let confidence = definition.confidence;
  if (label.via === 'plain') confidence -= 0.15;
  if (label.via === 'table') confidence -= 0.05;
  if (label.code) confidence -= term.code ? 0.05 : 0.45;
  // "**Port**: required" describes the port but does not define it.
  if (words < 6) confidence -= 0.15;
  if (label.link) confidence -= 0.05;
  if (/^\d/.test(text)) confidence -= 0.3;
  if (
    /^(no|not|none|only|always|never|must|should|can|may|will|is|are|has|explains|everything|how|why|if|when|you|this|these|it|use|see)\b/i.test(
      text,
    )
  )
    confidence -= 0.3;
  return { ...definition, confidence: rounded(confidence), line: first.line };
}

/** Returns the first sentence below a heading that equals the term. */
export function definitionFromHeading(
  sentence: Sentence,
  heading: Block,
  term: DefinedWord,
  next: Sentence | undefined,
): Definition | null {
  if (sentence.block.kind === 'heading' || sentence.block.kind === 'cell') return null;
  if (!isPresentable(sentence.text)) return null;
  if (sentence.block.label && sentence.block.label.via !== 'table') return null;
  const first = sentence.tokens[0];
  // Instructions ("Use it to …"), words of order and remarks about the page are not definitions.
  if (
    !first ||
    first.pos === 'VERB' ||
    /^(this|these|here|there|it|its|they|their|all|to|if|when|you|we|i|see|note|please|for|in|by|as|once|after|before|now|first|let|below|above|some|sometimes|currently|since|with)$/i.test(
      first.text,
    )
  ) {
    return null;
  }
  const text = finished(withFollowUp(sentence, 'heading', next));
  if (text === null) return null;
  const definition = judged(text, 'heading', sentence, termWordsOf(term.key));
  const better = {
    ...definition,
    confidence: rounded(definition.confidence + fitUnderHeading(sentence, term)),
  };
  const code = heading.text.startsWith('`') || (termIn(sentence, term.key)?.code ?? false);
  return code && !term.code ? aboutCode(better) : better;
}

/**
 * Rates how well a section's first sentence fits its heading. "Minimal file watching library." and "A lease is …"
 * fit. A sentence that names the term late or not at all is about something else.
 */
function fitUnderHeading(sentence: Sentence, term: DefinedWord): number {
  const { tokens } = sentence;
  const named = termIn(sentence, term.key);
  const isPhrase = !tokens.some(
    (token) => token.pos === 'AUX' || (token.pos === 'VERB' && /s$/.test(token.text)),
  );
  if (!named) return isPhrase ? 0.1 : -0.25;
  return isSubject(tokens, tokens.indexOf(named)) ? 0.1 : -0.2;
}

/** Returns the first token of the term within the sentence. */
function termIn(sentence: Sentence, key: string): Token | undefined {
  const words = key.split(' ');
  return sentence.tokens.find((_, index) => {
    const here = sentence.tokens.slice(index, index + words.length).flatMap((token) => token.key.split(' '));
    return here.slice(0, words.length).join(' ') === key;
  });
}

/** Returns "Short for Server-Sent Events.", the only available definition of many acronyms. */
export function definitionFromExpansion(expansion: string, document: string, line: number): Definition {
  return { text: `Short for ${expansion}.`, kind: 'expansion', confidence: BASE.expansion, document, line };
}

/** Returns true if the term is the subject and a verb follows closely. */
function isPlainSubject(tokens: Token[], first: number, last: number): boolean {
  if (!isSubject(tokens, first)) return false;
  const after = tokens[last + 1];
  const verb = after?.pos === 'ADV' ? tokens[last + 2] : after;
  // "The processing included …" describes an event; definitions use the present tense.
  if (verb?.pos === 'VERB') return !/[^e]ed$/.test(verb.text);
  return verb?.pos === 'AUX';
}

function withFollowUp(sentence: Sentence, kind: DefinitionKind, next: Sentence | undefined): string {
  const text = sentence.text.trim();
  if (kind === 'mention' || !next || text.length > 90 || !isWhole(next)) return text;
  const goesOn = /^(it|they)\b/i.test(next.text) && text.length + next.text.length < LONGEST;
  return goesOn ? `${text} ${next.text.trim()}` : text;
}

/** Returns true for a sentence that is complete, clean and independent of surrounding elements. */
export function isWhole(sentence: Sentence): boolean {
  // Text without a verb, such as a list item or a table cell, is not a sentence.
  const hasVerb = sentence.tokens.some(
    (token) => !token.code && (token.pos === 'VERB' || token.pos === 'AUX'),
  );
  return hasVerb && isPresentable(sentence.text);
}

function isPresentable(raw: string): boolean {
  const text = raw.trim();
  if (!/^["'(`]?[\p{L}\p{N}`@.]/u.test(text) || /[?]["')]?$/.test(text)) return false;
  if (text.split(/\s+/).length < SHORTEST_WORDS || !isClean(text)) return false;
  if (
    /[:;,—–-]$/.test(text) ||
    /\b(as follows|the following|following \w+|shown below|see below|example below)\b/i.test(text)
  )
    return false;
  return true;
}

/** Requires balanced brackets, quotes and backticks, mostly words, no URLs and no markup remains. */
function isClean(text: string): boolean {
  if (text.length > LONGEST * 2) return false;
  if ((text.match(/`/g) ?? []).length % 2 !== 0) return false;
  if (!isBalanced(text.replace(/`[^`]*`/g, ''))) return false;
  if (/https?:\/\/|\]\(|\[!|:::|\$\{|→|=>|✅|❌|\||…|\.\.\./.test(text)) return false;
  const prose = text.replace(/`[^`]*`/g, 'x');
  const letters = (prose.match(/[\p{L}\s]/gu) ?? []).length;
  const code = text.length - prose.length;
  return letters / prose.length > 0.75 && code / text.length < 0.5;
}

function isBalanced(text: string): boolean {
  let depth = 0;
  for (const letter of text) {
    if (letter === '(' || letter === '[' || letter === '{') depth += 1;
    if (letter === ')' || letter === ']' || letter === '}') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0 && (text.match(/"/g) ?? []).length % 2 === 0;
}

/** Adds a capital and a full stop, and limits the length; null if the text cannot be cut at a clause. */
function finished(raw: string): string | null {
  let text = raw
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/\s+([.,;:])/g, '$1');
  if (text.length > LONGEST) {
    const cut = cutAtClause(text);
    if (cut === null) return null;
    text = cut;
  }
  if (/^[\p{Ll}]/u.test(text) && !/^[\p{Ll}]+[\p{Lu}_.]/u.test(text))
    text = text[0]?.toUpperCase() + text.slice(1);
  text = text.replace(/[\s,;:—–-]+$/, '');
  return /[.!?]["')]?$/.test(text) ? text.replace(/!$/, '.') : `${text}.`;
}

/** Returns the longest start of the text that ends at the end of a clause. */
function cutAtClause(text: string): string | null {
  const head = text.slice(0, LONGEST);
  for (const mark of ['. ', '; ', ' — ', ' – ', ': ', ', which ', ', so ', ', but ']) {
    const at = head.lastIndexOf(mark);
    if (at > 30 && isBalanced(head.slice(0, at)) && (head.slice(0, at).match(/`/g) ?? []).length % 2 === 0) {
      return head.slice(0, at);
    }
  }
  return null;
}

function judged(text: string, kind: DefinitionKind, sentence: Sentence, termWords: Set<string>): Definition {
  const words = text.split(/\s+/);
  let confidence = BASE[kind];
  if (words.length > 40) confidence -= 0.15;
  else if (words.length > 30) confidence -= 0.05;
  if (kind === 'subject' && /\b(is|are) (used|built|designed|responsible|made|meant|intended)\b/.test(text))
    confidence += 0.1;
  if (kind === 'subject' && words.length >= 10 && words.length <= 30) confidence += 0.05;
  // Modal verbs and the past tense describe what happens to a thing, not what it is.
  if (kind === 'subject' && /\b(must|should|can|could|may|might|will|was|were|had)\b/.test(text))
    confidence -= 0.1;
  if (words.length < 6 && kind !== 'label') confidence -= 0.1;
  if (leansOnContext(text)) confidence -= 0.2;
  if (isTalk(text)) confidence -= 0.15;
  if (isCircularText(text, termWords)) confidence -= 0.3;
  if (/\bnot\b|n't\b/.test(text) && kind !== 'label') confidence -= 0.05;
  const code = (text.match(/`[^`]*`/g) ?? []).join('').length;
  if (code / text.length > 0.25) confidence -= 0.1;
  return {
    text,
    kind,
    confidence: rounded(confidence),
    document: sentence.document,
    line: sentence.line,
  };
}

/** Returns true if the text refers to something that a glossary entry does not include. */
export function leansOnContext(text: string): boolean {
  return (
    /^(this|these|that|those|it|they|he|she|such|another|both|also|however|therefore|thus|so|but|and|or|then|instead|otherwise|similarly|likewise|in this|in that|here|there|as a result|for example|for instance|alternatively|additionally|furthermore|moreover|finally|again)\b/i.test(
      text,
    ) ||
    /\b(above|below|the former|the latter|previous section|next section|as mentioned|as described|as shown)\b/i.test(
      text,
    )
  );
}

/** Returns true if the text addresses the reader or mentions the author. */
function isTalk(text: string): boolean {
  return (
    /\b(you|your|we|our|I|please|let's|don't worry|thanks)\b/.test(text) ||
    /^(use|see|run|set|add|make|try|note|if|when)\b/i.test(text)
  );
}

const EMPTY_WORDS = new Set(
  'a an the of is are was be to for in on at by with and or that which it its as from this one any each used use can may thing what'.split(
    ' ',
  ),
);

/** Returns true if the text adds little to the term: "A run id is the id of the run." */
export function isCircularText(text: string, termWords: Set<string>): boolean {
  const content = contentWords(text).filter((word) => !termWords.has(word));
  return content.length < 3;
}

export function contentWords(text: string): string[] {
  return (text.toLowerCase().match(/[\p{L}][\p{L}\p{N}_.'-]*/gu) ?? [])
    .flatMap((word) => word.split('-'))
    .map(wordKey)
    .filter((word) => word.length > 1 && !EMPTY_WORDS.has(word));
}

export function termWordsOf(key: string): Set<string> {
  return new Set(termKey(key).split(' ').map(singular));
}

function rounded(confidence: number): number {
  return Number(Math.min(0.95, Math.max(0.05, confidence)).toFixed(2));
}

/** Sorts by confidence, then by length, document and line, so that the order is deterministic. */
export function byTrust(a: Definition, b: Definition): number {
  return (
    b.confidence - a.confidence ||
    a.text.length - b.text.length ||
    (a.document < b.document ? -1 : a.document > b.document ? 1 : 0) ||
    a.line - b.line
  );
}
