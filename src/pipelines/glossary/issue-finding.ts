import { isWellKnownAcronym } from './acronyms';
import { contentWords, isCircularText, leansOnContext, termWordsOf, type Definition } from './definitions';
import type { DefinedTerm } from './provisional';
import { isAcronym, squeezedKey, termKey } from './words';

export type IssueKind =
  /** The documents use the term and never define it. */
  | 'no-definition'
  /** The best sentence explains little, or explains it only in passing. */
  | 'weak-definition'
  /** The definition depends on text outside of the entry, or is too long. */
  | 'unclear-definition'
  | 'contradictory-definitions'
  | 'undefined-acronym'
  /** Two entries for one thing. */
  | 'near-duplicate'
  | 'circular'
  | 'too-generic'
  /** Undefined and rarely used. */
  | 'not-worth-keeping'
  | 'required-but-missing';

export type Severity = 'error' | 'warning' | 'info';

export interface Issue {
  kind: IssueKind;
  severity: Severity;
  /** The key of the term, and of the other term if there are two. */
  key: string;
  otherKey: string | null;
  term: string;
  explanation: string;
  suggestion: string;
  places: { document: string; line: number }[];
}

export interface IssueOptions {
  minConfidence: number;
  minScore: number;
}

/** Returns all issues of a term: unclear, contradictory, missing or not worth keeping. */
export function issuesOf(term: DefinedTerm, all: DefinedTerm[], options: IssueOptions): Issue[] {
  const issue = (
    kind: IssueKind,
    severity: Severity,
    explanation: string,
    suggestion: string,
    more: { other?: DefinedTerm; places?: { document: string; line: number }[] } = {},
  ): Issue => ({
    kind,
    severity,
    key: term.key,
    otherKey: more.other?.key ?? null,
    term: term.term,
    explanation,
    suggestion,
    places: (more.places ?? []).map(({ document, line }) => ({ document, line })),
  });

  if (term.frequency === 0) {
    return [
      issue(
        'required-but-missing',
        'error',
        `“${term.term}” is required, but no document uses it.`,
        'Explain it in a document, or take it off the list of required terms.',
      ),
    ];
  }

  const found: Issue[] = [];
  const { definition } = term;
  const times = term.frequency === 1 ? 'once' : `${term.frequency} times`;
  const home = term.occurrences[0];

  for (const other of all) {
    const why = sameThing(term, other);
    if (why === null || !isMinor(term, other, all)) continue;
    found.push(
      issue(
        'near-duplicate',
        'info',
        `“${term.term}” and “${other.term}” seem to be one thing: ${why}.`,
        `Write “${other.term}” everywhere.`,
        { other },
      ),
    );
  }

  if (isUndefined(term)) {
    if (!term.required && !isMissed(term, all)) {
      found.push(
        issue(
          'not-worth-keeping',
          'info',
          `“${term.term}” is used ${times} and defined nowhere.`,
          'Leave it out, unless a document can say what it is; a required term is always kept.',
        ),
      );
    } else {
      found.push(
        issue(
          'no-definition',
          'warning',
          `“${term.term}” is used ${times} in ${documents(term.documentsCount)}, and none says what it is.`,
          home ? `Add a sentence “${sentenceStart(term.term)} is …” to ${home.document}.` : 'Define it.',
          { places: term.occurrences.slice(0, 3) },
        ),
      );
    }
  } else if (definition) {
    found.push(...definitionIssues(term, definition, options, issue));
  }

  if (!term.required && term.everyday && !term.key.includes(' ') && (definition?.confidence ?? 0) < 0.5) {
    found.push(
      issue(
        'too-generic',
        'info',
        `“${term.term}” is an everyday word, and no document gives it a meaning of its own.`,
        'Leave it out, or say what it means here.',
      ),
    );
  }

  const isUnexplained = isUndefined(term) || definition?.kind === 'subject';
  if (
    isAcronym(term.term) &&
    !isWellKnownAcronym(term.term) &&
    term.expansions.length === 0 &&
    isUnexplained
  ) {
    found.push(
      issue(
        'undefined-acronym',
        'warning',
        `“${term.term}” looks like an acronym and is never spelled out.`,
        `Spell it out where it comes up first: “… (${term.term})”.`,
        { places: term.occurrences.slice(0, 1) },
      ),
    );
  }
  found.push(...circlesWith(term, all, issue));
  return found;
}

/**
 * Returns true for the undefined terms that readers would look up: frequent ones, limited to a quarter of the
 * defined terms but at least 8. A glossary that lists mostly undefined terms would be useless.
 */
function isMissed(term: DefinedTerm, all: DefinedTerm[]): boolean {
  if (term.frequency < 4) return false;
  const most = Math.max(8, Math.floor(all.filter((one) => !isUndefined(one)).length / 4));
  const undefinedTerms = all.filter((one) => one.frequency >= 4 && isUndefined(one));
  return undefinedTerms.indexOf(term) < most;
}

type MakeIssue = (
  kind: IssueKind,
  severity: Severity,
  explanation: string,
  suggestion: string,
  more?: { other?: DefinedTerm; places?: { document: string; line: number }[] },
) => Issue;

function definitionIssues(
  term: DefinedTerm,
  definition: Definition,
  options: IssueOptions,
  issue: MakeIssue,
): Issue[] {
  const found: Issue[] = [];
  if (isCircularText(definition.text, termWordsOf(term.key))) {
    found.push(
      issue(
        'circular',
        'warning',
        `The definition of “${term.term}” says little more than the term itself.`,
        'Say what kind of thing it is and what sets it apart.',
        { places: [definition] },
      ),
    );
  } else if (
    definition.confidence < options.minConfidence &&
    !term.required &&
    term.score < options.minScore * 4
  ) {
    found.push(
      issue(
        'not-worth-keeping',
        'info',
        `“${term.term}” is used ${term.frequency} times, and what is said about it explains little.`,
        'Leave it out, unless a document can say what it is; a required term is always kept.',
        { places: [definition] },
      ),
    );
  } else if (definition.confidence < options.minConfidence) {
    found.push(
      issue(
        'weak-definition',
        'warning',
        `The best sentence about “${term.term}” speaks of it without quite saying what it is.`,
        `Add a sentence “${sentenceStart(term.term)} is …” near ${definition.document}:${definition.line}.`,
        { places: [definition] },
      ),
    );
  }
  if (leansOnContext(definition.text)) {
    found.push(
      issue(
        'unclear-definition',
        'info',
        `The definition of “${term.term}” refers to something outside of it.`,
        'Name what “this”, “it” or “above” stands for.',
        { places: [definition] },
      ),
    );
  } else if (definition.text.split(/\s+/).length > 45) {
    found.push(
      issue(
        'unclear-definition',
        'info',
        `The definition of “${term.term}” is one very long sentence.`,
        'Split it.',
        {
          places: [definition],
        },
      ),
    );
  }
  for (const other of term.alternatives) {
    const conflict = contradiction(definition, other, term.key);
    if (conflict === null) continue;
    found.push(
      issue(
        'contradictory-definitions',
        conflict.severity,
        `The documents disagree about “${term.term}”: ${conflict.how} (“${definition.text}” and “${other.text}”).`,
        'Keep one of them, or tell the two meanings apart by name.',
        { places: [definition, other] },
      ),
    );
    break;
  }
  return found;
}

/** Returns true without a definition. A sentence that only uses the term does not count as one. */
export function isUndefined(term: Pick<DefinedTerm, 'definition'>): boolean {
  return term.definition === null || term.definition.kind === 'mention' || term.definition.confidence < 0.25;
}

const OUTRIGHT = new Set(['label', 'copula', 'means']);

/** Finds two explicit definitions that share no word, or that share words but differ in numbers or in a "not". */
export function contradiction(
  a: Definition,
  b: Definition,
  key: string,
): { severity: Severity; how: string } | null {
  if (!OUTRIGHT.has(a.kind) || !OUTRIGHT.has(b.kind) || a.confidence < 0.6 || b.confidence < 0.6) return null;
  if (a.document === b.document && a.line === b.line) return null;
  const own = termWordsOf(key);
  const first = new Set(contentWords(a.text).filter((word) => !own.has(word)));
  const second = new Set(contentWords(b.text).filter((word) => !own.has(word)));
  const smaller = Math.min(first.size, second.size);
  if (smaller < 3) return null;
  const shared = [...first].filter((word) => second.has(word)).length / smaller;
  if (shared >= 0.6) {
    const [numbersA, numbersB] = [numbersIn(a.text), numbersIn(b.text)];
    if (numbersA !== '' && numbersB !== '' && numbersA !== numbersB)
      return { severity: 'error', how: 'the numbers differ' };
    if (isNegated(a.text) !== isNegated(b.text))
      return { severity: 'error', how: 'one denies what the other says' };
    return null;
  }
  return shared === 0 ? { severity: 'warning', how: 'two definitions have not one word in common' } : null;
}

/** Returns separate numbers only: the 16 of "UTF-16" is part of a name. */
const numbersIn = (text: string): string =>
  [...new Set(text.match(/(?<![\p{L}\d-])\d+(?:\.\d+)*/gu) ?? [])].sort().join(' ');
const isNegated = (text: string): boolean => /\b(not|never|no longer)\b|n't\b/i.test(text);

/** Returns why two terms are the same, or null. */
export function sameThing(a: DefinedTerm, b: DefinedTerm): string | null {
  if (a.key === b.key || a.frequency === 0 || b.frequency === 0) return null;
  if (a.expansions.some((expansion) => termKey(expansion) === b.key)) return `${a.term} is short for it`;
  if (b.expansions.some((expansion) => termKey(expansion) === a.key)) return `${b.term} is short for it`;
  if (squeezedKey(a.term) === squeezedKey(b.term)) return 'only the spelling differs';
  if (isOneLetterApart(a.key, b.key)) return 'one letter differs';
  return null;
}

/**
 * Returns true for American and British spellings and for typos. Long words only, because "socket" is not "pocket".
 */
function isOneLetterApart(a: string, b: string): boolean {
  if (Math.min(a.length, b.length) < 8 || Math.abs(a.length - b.length) > 1 || /\d/.test(a + b)) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  // A different letter near the start or the end usually makes another word.
  return start >= 3 && end >= 2 && Math.max(a.length, b.length) - start - end === 1;
}

/**
 * Returns true if `term` is the less important of two entries, and so the duplicate. Exactly one of the two is, and
 * a required term never yields to one that is not required.
 */
export function isMinor(term: DefinedTerm, other: DefinedTerm, all: DefinedTerm[]): boolean {
  if (term.required !== other.required) return other.required;
  // A name from code yields to words. An acronym is not treated specially, because readers look it up.
  if (term.code !== other.code) return term.code;
  if (term.frequency !== other.frequency) return term.frequency < other.frequency;
  return all.indexOf(term) > all.indexOf(other);
}

/** Finds pairs such as "A lease is a claim." and "A claim is a lease.", which explain only each other. */
function circlesWith(term: DefinedTerm, all: DefinedTerm[], issue: MakeIssue): Issue[] {
  if (!term.definition || isUndefined(term)) return [];
  const text = term.definition.text;
  const found: Issue[] = [];
  for (const other of all.slice(all.indexOf(term) + 1)) {
    if (!other.definition || isUndefined(other)) continue;
    if (!mentions(text, other.key) || !mentions(other.definition.text, term.key)) continue;
    const words = new Set([...termWordsOf(term.key), ...termWordsOf(other.key)]);
    if (!isCircularText(text, words) || !isCircularText(other.definition.text, words)) continue;
    found.push(
      issue(
        'circular',
        'warning',
        `“${term.term}” and “${other.term}” are each explained by the other alone.`,
        'Explain one of them without the other.',
        { other, places: [term.definition, other.definition] },
      ),
    );
  }
  return found;
}

/** Returns true if the text contains the key's words in a row. */
export function mentions(text: string, key: string): boolean {
  return ` ${termKey(text.replace(/[^\p{L}\p{N}\s'_.@/-]+/gu, ' '))} `.includes(` ${key} `);
}

function documents(count: number): string {
  return count === 1 ? 'one document' : `${count} documents`;
}

function sentenceStart(term: string): string {
  return term === term.toLowerCase() ? `${term[0]?.toUpperCase()}${term.slice(1)}` : term;
}
