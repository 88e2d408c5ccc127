import type { DefinitionKind } from './definitions';
import type { SkipReason } from './documents';
import type { IssueKind, Severity } from './issue-finding';

/** The content of glossary.json. Raise `version` for any change that could break readers of the older format. */
export interface Glossary {
  format: 'jobato-glossary';
  version: 1;
  title: string;
  documents: {
    /** The folder as given. */
    folder: string;
    count: number;
    /** Skipped by a rule. If `unreadable` is not empty, the result is incomplete. */
    skipped: { document: string; code: SkipReason; reason: string }[];
    unreadable: { document: string; reason: string }[];
  };
  terms: GlossaryTerm[];
  /** Frequent terms without a definition. */
  undefinedTerms: UndefinedTerm[];
  /** Required terms that no document uses. */
  missingTerms: string[];
  openIssuesCount: number;
  /** Issues that refining resolved, with the outcome. */
  resolved: { kind: IssueKind; term: string; outcome: string }[];
}

export interface GlossaryTerm {
  term: string;
  /** The anchor of the heading in glossary.md. */
  anchor: string;
  definition: string;
  /** 0 to 1; `confidenceInWords` returns it as text. */
  confidence: number;
  confidenceInWords: string;
  /** The kind of sentence that defines it. */
  definedBy: DefinitionKind;
  /** The places of the definition. */
  sources: Place[];
  /** Definitions in other documents that contradict this one. */
  alsoDefinedAs: { definition: string; source: Place }[];
  alsoCalled: string[];
  seeAlso: string[];
  occurrences: (Place & { context: string })[];
  occurrencesCount: number;
  documentsCount: number;
  openIssues: OpenIssue[];
}

export interface UndefinedTerm {
  term: string;
  occurrencesCount: number;
  documentsCount: number;
  occurrences: (Place & { context: string })[];
  openIssues: OpenIssue[];
}

export interface Place {
  document: string;
  line: number;
}

export interface OpenIssue {
  kind: IssueKind;
  severity: Severity;
  explanation: string;
  suggestion: string;
}

/** Returns the confidence as a word for readers. */
export function confidenceInWords(confidence: number): string {
  if (confidence >= 0.75) return 'high';
  if (confidence >= 0.5) return 'fair';
  if (confidence >= 0.35) return 'low';
  return 'very low';
}
