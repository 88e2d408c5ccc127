import type { Sentence, Token } from './language';

/** Words that open a definition after "X is". */
const OPENS_DEFINITION = /^(a|an|one|any|anything|what|whatever|where|how|everything|something|every)$/i; // plain words: allowed

/** The grammatical forms of a definition, strongest first. */
export type DefiningKind =
  /** "**Lease**: a claim that ends by itself", the explanation of a name in a list or a table. */
  | 'label'
  /** "A lease is a claim that ends by itself." */
  | 'copula'
  /** "A lease means / refers to / stands for …" */
  | 'means'
  /** "…, a claim that ends by itself, called a lease" */
  | 'called'
  /** "The lease, a claim that ends by itself, …" */
  | 'apposition';

const MEANS = /^(means?|refers?|denotes?|describes?|represents?|stands?|consists?|comprises?|defines?)$/;
const NAMING = /^(called|termed|dubbed)$/;

/**
 * Returns how the sentence defines the term at these tokens (both inclusive), or null. Checks grammar only;
 * `definitions.ts` rates the quality.
 */
export function definesAt(sentence: Sentence, first: number, last: number): DefiningKind | null {
  const { tokens } = sentence;
  if (sentence.block.kind === 'heading') return null;
  if (isSubject(tokens, first)) {
    const after = skipAddition(tokens, skipBracket(tokens, last + 1));
    const verb = tokens[after];
    if (verb && isCopula(verb) && definesAfterCopula(tokens, after)) return 'copula';
    if (verb && MEANS.test(verb.text) && tokens[after + 1]) return 'means';
    if (isApposition(tokens, last + 1)) return 'apposition';
  }
  if (isNamed(tokens, first) && !tokens[first]?.code) return 'called';
  return null;
}

/** Returns true if the term opens the sentence, or follows only an article or a short introduction. */
export function isSubject(tokens: Token[], first: number): boolean {
  if (first === 0) return true;
  const before = tokens.slice(0, first);
  if (before.length === 1) return isArticle(before[0]);
  // "In Jobato, a run is …", "For workers, a run is …"
  const article = tokens[first - 1];
  const comma = before.findIndex((token) => token.text === ',');
  return (
    comma > 0 &&
    comma <= 4 &&
    (comma === first - 1 || (comma === first - 2 && /^(a|an|the|each|every)$/i.test(article?.text ?? ''))) &&
    /^(in|for|with|within|under|by)$/i.test(tokens[0]?.text ?? '')
  );
}

/** Excludes "this": "this lease" means one mentioned before, not leases in general. */
function isArticle(token: Token | undefined): boolean {
  return /^(a|an|the|each|every|any|one|our)$/i.test(token?.text ?? '');
}

/** Skips "(SSE)" after the subject. */
function skipBracket(tokens: Token[], from: number): number {
  if (tokens[from]?.text !== '(') return from;
  const close = tokens.findIndex((token, index) => index > from && token.text === ')');
  return close > 0 && close - from < 8 ? close + 1 : from;
}

/** Skips an addition to the subject: "The confidence **of a definition** is …". */
function skipAddition(tokens: Token[], from: number): number {
  if (!/^(of|in|for)$/.test(tokens[from]?.text ?? '')) return from;
  let at = from + 1;
  while (at - from < 6 && /^(DET|ADJ|NOUN|PROPN)$/.test(tokens[at]?.pos ?? '')) at += 1;
  return at > from + 1 ? at : from;
}

function isCopula(token: Token): boolean {
  return /^(is|are|was|were)$/i.test(token.text);
}

/** "is a …", "are the …", "is one …", "is what …" define; "is trimmed", "is not", "is available" do not. */
function definesAfterCopula(tokens: Token[], copula: number): boolean {
  let at = copula + 1;
  while (
    /^(always|simply|just|basically|essentially|really|also|therefore|thus|usually|typically|itself|now)$/i.test(
      tokens[at]?.text ?? '',
    )
  )
    at += 1;
  const next = tokens[at];
  if (!next || tokens.length - at < 3) return false;
  if (OPENS_DEFINITION.test(next.text)) return !isMeasure(tokens, at);
  if (/^the$/i.test(next.text))
    return !/^(same|only|case|default|reason|one|first|best|most|answer)$/i.test(tokens[at + 1]?.text ?? '');
  // "Runs are records of …": a plural noun phrase without an article, followed by a restriction.
  if (/^are$/i.test(tokens[copula]?.text ?? '')) {
    const phrase = tokens.slice(at, at + 4);
    const noun = phrase.findIndex((token) => token.pos === 'NOUN' || token.pos === 'PROPN');
    if (noun < 0 || phrase.slice(0, noun).some((token) => token.pos !== 'ADJ')) return false;
    return (
      phrase[noun]?.text.endsWith('s') === true &&
      tokens.slice(at + noun + 1).some((token) => /^(that|which|who|of|for|with|to)$/.test(token.text))
    );
  }
  return false;
}

/** "is a bit …", "is a must", "is a good idea", "is a lot": opinions, not definitions. */
function isMeasure(tokens: Token[], article: number): boolean {
  const next = tokens.slice(article + 1, article + 4).map((token) => token.text.toLowerCase());
  if (
    /^(part|bit|lot|must|breeze|good|great|bad|nice|no-op|valid|big|huge|little|common|problem|work|mistake)$/.test(
      next[0] ?? '',
    )
  ) {
    return !/^(set|number|way|practice)$/.test(next[1] ?? '') || next[0] === 'good' || next[0] === 'bad';
  }
  return /^of$/.test(next[0] ?? '') && tokens[article]?.text.toLowerCase() === 'one';
}

/** Returns true for ", a claim that …," directly after the term. */
function isApposition(tokens: Token[], from: number): boolean {
  if (tokens[from]?.text !== ',' || !/^(a|an)$/.test(tokens[from + 1]?.text ?? '')) return false;
  const close = tokens.findIndex((token, index) => index > from + 1 && /^[,.]$/.test(token.text));
  return close > from + 4;
}

/** Returns true for "… called the lease" or "known as a lease". */
function isNamed(tokens: Token[], first: number): boolean {
  let at = first - 1;
  while (/^(a|an|the|"|')$/i.test(tokens[at]?.text ?? '')) at -= 1;
  const word = tokens[at]?.text.toLowerCase() ?? '';
  if (NAMING.test(word))
    return tokens[at - 1]?.pos !== 'AUX' || /^(is|are)$/.test(tokens[at - 1]?.text ?? '');
  return word === 'as' && tokens[at - 1]?.text.toLowerCase() === 'known';
}
