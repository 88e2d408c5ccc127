import { byCodePoint } from './documents';
import { isCircularText, leansOnContext, termWordsOf, type Definition } from './definitions';
import type { GlossaryTerm, OpenIssue, UndefinedTerm } from './glossary';
import { confidenceInWords } from './glossary';
import { contradiction, isUndefined, mentions, type Issue } from './issue-finding';
import type { DefinedTerm } from './provisional';
import { slug } from './words';

export interface Refined {
  terms: GlossaryTerm[];
  undefinedTerms: UndefinedTerm[];
  missingTerms: string[];
  openIssuesCount: number;
  resolved: { kind: Issue['kind']; term: string; outcome: string }[];
}

interface Entry {
  term: DefinedTerm;
  definition: Definition | null;
  sources: { document: string; line: number }[];
  alsoCalled: string[];
  open: Issue[];
}

const LONGEST_JOINED = 320;
const MOST_SEE_ALSO = 6;

/** Resolves issues using only text from the documents, and keeps the others as open issues. */
export function refine(terms: DefinedTerm[], issues: Issue[], minConfidence: number): Refined {
  const entries = new Map<string, Entry>();
  for (const term of terms) {
    entries.set(term.key, {
      term,
      definition: term.definition,
      sources: term.definition ? [placeOf(term.definition)] : [],
      alsoCalled: [...term.alsoWritten, ...term.expansions],
      open: [],
    });
  }
  const resolved: Refined['resolved'] = [];
  const resolve = (issue: Issue, outcome: string): void => {
    resolved.push({ kind: issue.kind, term: issue.term, outcome });
  };

  // Duplicates first: a merged entry needs no further resolution.
  const mergedInto = new Map<string, string>();
  for (const issue of issues.filter(({ kind }) => kind === 'near-duplicate')) {
    const minor = entries.get(issue.key);
    const major = entries.get(destination(issue.otherKey ?? '', mergedInto));
    if (!minor || !major || minor === major || minor.term.required) continue;
    merge(minor, major);
    mergedInto.set(issue.key, major.term.key);
    entries.delete(issue.key);
    resolve(issue, `merged into “${major.term.term}”`);
  }

  for (const issue of issues) {
    const entry = entries.get(issue.key);
    if (!entry) continue;
    switch (issue.kind) {
      case 'near-duplicate':
        if (entries.has(destination(issue.otherKey ?? '', mergedInto))) entry.open.push(issue);
        break;
      case 'too-generic':
      case 'not-worth-keeping':
        // A merge may have added a definition.
        if (issue.kind === 'not-worth-keeping' && entry.definition !== entry.term.definition) break;
        entries.delete(issue.key);
        resolve(issue, 'left out');
        break;
      case 'circular':
      case 'weak-definition':
      case 'unclear-definition': {
        const outcome = improve(entry, issue, minConfidence);
        if (outcome === null) entry.open.push(issue);
        else resolve(issue, outcome);
        break;
      }
      case 'no-definition':
        if (isUndefined(entry)) entry.open.push(issue);
        else resolve(issue, 'took over the definition of a merged term');
        break;
      default:
        entry.open.push(issue);
    }
  }

  const kept = [...entries.values()];
  const missing = kept.filter(({ term }) => term.frequency === 0);
  const defined = kept.filter((entry) => entry.term.frequency > 0 && !isUndefined(entry));
  const unexplained = kept.filter((entry) => entry.term.frequency > 0 && isUndefined(entry));
  return {
    terms: withLinks(defined),
    undefinedTerms: unexplained.map(undefinedTerm).sort((a, b) => byName(a.term, b.term)),
    missingTerms: missing.map(({ term }) => term.term).sort(byName),
    openIssuesCount: kept.reduce((sum, entry) => sum + entry.open.length, 0),
    resolved,
  };
}

function destination(key: string, mergedInto: Map<string, string>): string {
  let at = key;
  for (let next = mergedInto.get(at); next !== undefined; next = mergedInto.get(at)) at = next;
  return at;
}

function merge(minor: Entry, major: Entry): void {
  major.alsoCalled.push(minor.term.term, ...minor.alsoCalled);
  const better =
    minor.definition !== null &&
    (major.definition === null || minor.definition.confidence > major.definition.confidence);
  // "Short for …" is useless once the long form is an entry.
  if (better && minor.definition && minor.definition.kind !== 'expansion') {
    major.definition = minor.definition;
    major.sources = minor.sources;
  }
  major.term = {
    ...major.term,
    frequency: major.term.frequency + minor.term.frequency,
    occurrences: [...major.term.occurrences, ...minor.term.occurrences].sort(
      (a, b) => byCodePoint(a.document, b.document) || a.line - b.line,
    ),
    documentsCount: new Set(
      [...major.term.occurrences, ...minor.term.occurrences].map(({ document }) => document),
    ).size,
  };
}

/** Takes a better sentence of the documents, or joins two sentences; null if there are none. */
function improve(entry: Entry, issue: Issue, minConfidence: number): string | null {
  const now = entry.definition;
  if (!now) return null;
  const own = termWordsOf(entry.term.key);
  const isSound = (one: Definition): boolean =>
    one.kind !== 'mention' && !isCircularText(one.text, own) && !leansOnContext(one.text);
  const other = entry.term.alternatives.find((one) => isSound(one) && one.text !== now.text);
  if (!other) return null;

  // The sentence with the issue may have the highest confidence, so a sound one may be slightly less confident.
  if (issue.kind !== 'weak-definition') {
    if (other.confidence < Math.max(minConfidence, now.confidence - 0.3)) return null;
    entry.definition = other;
    entry.sources = [placeOf(other)];
    return 'took a better sentence';
  }
  const isPlain = now.kind === 'subject' && other.kind === 'subject' && !leansOnContext(now.text);
  const joined = `${now.text} ${other.text}`;
  if (!isPlain || joined.length > LONGEST_JOINED || now.confidence + 0.1 < minConfidence) return null;
  entry.definition = { ...now, text: joined, confidence: Number((now.confidence + 0.1).toFixed(2)) };
  entry.sources = [placeOf(now), placeOf(other)];
  return 'joined two sentences about it';
}

function withLinks(entries: Entry[]): GlossaryTerm[] {
  const sorted = [...entries].sort((a, b) => byName(a.term.term, b.term.term));
  const anchors = new Map<string, string>();
  const taken = new Set<string>();
  for (const { term } of sorted) {
    const base = `term-${slug(term.term)}`;
    let anchor = base;
    for (let number = 2; taken.has(anchor); number += 1) anchor = `${base}-${number}`;
    taken.add(anchor);
    anchors.set(term.key, anchor);
  }
  return sorted.map((entry): GlossaryTerm => {
    const { term } = entry;
    const definition = entry.definition;
    if (!definition) throw new Error(`“${term.term}” has no definition`);
    return {
      term: term.term,
      anchor: anchors.get(term.key) ?? '',
      definition: definition.text,
      confidence: definition.confidence,
      confidenceInWords: confidenceInWords(definition.confidence),
      definedBy: definition.kind,
      sources: entry.sources,
      alsoDefinedAs: entry.term.alternatives
        .filter((one) => contradiction(definition, one, term.key) !== null)
        .slice(0, 2)
        .map((one) => ({ definition: one.text, source: placeOf(one) })),
      alsoCalled: otherNames(entry),
      seeAlso: seeAlso(entry, entries),
      occurrences: term.occurrences,
      occurrencesCount: term.frequency,
      documentsCount: term.documentsCount,
      openIssues: entry.open.map(openIssue),
    };
  });
}

function otherNames(entry: Entry): string[] {
  const seen = new Set([entry.term.term.toLowerCase()]);
  return entry.alsoCalled.filter((name) => {
    if (seen.has(name.toLowerCase())) return false;
    seen.add(name.toLowerCase());
    return true;
  });
}

/**
 * Returns the terms in its definition, narrower and wider terms ("event stream" for "stream"), and the terms whose
 * definitions mention it.
 */
function seeAlso(entry: Entry, all: Entry[]): string[] {
  const { key } = entry.term;
  const text = entry.definition?.text ?? '';
  const others = all.filter((other) => other !== entry);
  const inside = (outer: string, inner: string): boolean => ` ${outer} `.includes(` ${inner} `);
  const related = [
    ...others.filter((other) => mentions(text, other.term.key)),
    ...others.filter((other) => inside(other.term.key, key) || inside(key, other.term.key)),
    ...others.filter((other) => mentions(other.definition?.text ?? '', key)),
  ];
  return [...new Set(related.map((other) => other.term.term))].slice(0, MOST_SEE_ALSO).sort(byName);
}

function undefinedTerm(entry: Entry): UndefinedTerm {
  return {
    term: entry.term.term,
    occurrencesCount: entry.term.frequency,
    documentsCount: entry.term.documentsCount,
    occurrences: entry.term.occurrences,
    openIssues: entry.open.map(openIssue),
  };
}

function openIssue({ kind, severity, explanation, suggestion }: Issue): OpenIssue {
  return { kind, severity, explanation, suggestion };
}

function placeOf({ document, line }: Definition): { document: string; line: number } {
  return { document, line };
}

/** Sorts as in an index: by letters first, then exactly, so that the order is deterministic. */
export function byName(a: string, b: string): number {
  return byCodePoint(slug(a), slug(b)) || byCodePoint(a, b);
}
