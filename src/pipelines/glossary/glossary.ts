import type { DefinitionKind } from './definitions';
import type { SkipReason } from './documents';
import type { IssueKind, Severity } from './issue-finding';

/** The content of glossary.json. `version` is raised whenever a reader of the older one could stumble. */
export interface Glossary {
  format: 'jobato-glossary';
  version: 1;
  title: string;
  documents: {
    /** The folder as it was named. */
    folder: string;
    count: number;
    /** Skipped by rule, and not readable: the result has holes where the second list is not empty. */
    skipped: { document: string; code: SkipReason; reason: string }[];
    unreadable: { document: string; reason: string }[];
  };
  terms: GlossaryTerm[];
  /** Used a lot and defined nowhere. */
  undefinedTerms: UndefinedTerm[];
  /** Required and not found in any document. */
  missingTerms: string[];
  openIssuesCount: number;
  /** What refining did about the issues. */
  resolved: { kind: IssueKind; term: string; outcome: string }[];
}

export interface GlossaryTerm {
  term: string;
  /** The heading's anchor in glossary.md. */
  anchor: string;
  definition: string;
  /** 0 to 1; in words: see `confidenceInWords`. */
  confidence: number;
  confidenceInWords: string;
  /** By what kind of sentence the documents define it. */
  definedBy: DefinitionKind;
  /** Where the definition was taken from. */
  sources: Place[];
  /** What other documents say instead, where they disagree. */
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

/** What a number means to a reader. */
export function confidenceInWords(confidence: number): string {
  if (confidence >= 0.75) return 'high';
  if (confidence >= 0.5) return 'fair';
  if (confidence >= 0.35) return 'low';
  return 'very low';
}
