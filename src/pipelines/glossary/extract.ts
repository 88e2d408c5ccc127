import path from 'node:path';
import { findCandidates } from './candidates';
import { PARTIAL_REASON, type Corpus, type Document } from './corpus';
import { findDocuments, readDocument, skipText } from './documents';
import { GlossaryError } from './glossary.errors';
import { Casing, sentencesOf, type Sentence } from './language';
import { parseMarkdown } from './markdown';
import { parsePlainText } from './plain-text';
import type { Report } from './report';
import type { Settings } from './settings';
import { NO_TERM_LIST, readTermList } from './term-list';
import { rankTerms, type CorpusSize, type RankedTerm } from './termhood';
import { saveWork } from './work-files';

/** The output of `extract`: the terms worth defining, best first. */
export interface Terms {
  terms: RankedTerm[];
}

/** Step 1: reads the documents and finds their terms. */
export function extract(settings: Settings, report: Report): void {
  // Read first, so that an invalid list fails at once and not after minutes of reading.
  const list = settings.terms === null ? NO_TERM_LIST : readTermList(settings.terms);
  const corpus = readCorpus(settings, report);
  report.metrics({ documentsCount: corpus.documents.length });

  const casing = casingOf(corpus);
  const sentences: Sentence[] = [];
  corpus.documents.forEach((document, index) => {
    sentences.push(...sentencesOf(document, casing));
    report.progress(index + 1, corpus.documents.length, `Read ${document.path}`);
  });

  const candidates = findCandidates(sentences, casing, list.required);
  const terms = rankTerms(candidates, sizeOf(sentences, corpus.documents.length), { ...settings, ...list });
  if (terms.length === 0) {
    throw new GlossaryError(
      'NO_TERMS',
      `No terms found in ${corpus.documents.length} documents. Lower --min-occurrences or --min-score, or require some.`,
    );
  }
  // The terms file contains the fingerprint of its corpus, so the corpus is saved first.
  const fingerprint = saveWork(settings.work, 'corpus', corpus, null);
  saveWork(settings.work, 'terms', { terms } satisfies Terms, fingerprint);
  report.metrics({ termsCount: terms.length });
  report.say(`Chose ${terms.length} terms out of ${candidates.size} candidates.`);
}

export function casingOf(corpus: Corpus): Casing {
  const casing = new Casing();
  for (const document of corpus.documents) casing.learn(document);
  return casing;
}

function readCorpus(settings: Settings, report: Report): Corpus {
  const outputFolders = [settings.work, settings.out, settings.runDir].filter((folder) => folder !== null);
  const found = findDocuments(settings.docs, { ...settings, outputFolders });
  const documents: Document[] = [];
  const unreadable = [...found.unreadable];
  for (const file of found.files) {
    const read = readDocument(file);
    if ('unreadable' in read) unreadable.push({ path: file.path, reason: read.unreadable });
    else if ('text' in read) documents.push(parse(file.path, read.text));
  }
  for (const one of found.skipped) report.say(`Skipped ${one.path}: ${skipText(one.reason)}.`);
  for (const one of unreadable) report.warn(`Could not read ${one.path}: ${one.reason}.`);
  if (documents.length === 0) {
    if (unreadable.length > 0) {
      throw new GlossaryError(
        'NO_READABLE_DOCUMENTS',
        `None of the ${unreadable.length} documents in ${settings.docs} could be read.`,
      );
    }
    throw new GlossaryError(
      'NO_DOCUMENTS',
      `No documents found in ${settings.docs} (looked for .md, .markdown and .txt).`,
    );
  }
  if (unreadable.length > 0) report.partial(PARTIAL_REASON);
  report.say(`Found ${documents.length} documents in "${settings.docs}".`);
  return { docs: settings.docs, root: settings.root, documents, skipped: found.skipped, unreadable };
}

function parse(file: string, text: string): Document {
  return path.extname(file).toLowerCase() === '.txt' ? parsePlainText(file, text) : parseMarkdown(file, text);
}

export function sizeOf(sentences: Sentence[], documents: number): CorpusSize {
  const wordCounts = new Map<string, number>();
  let words = 0;
  for (const sentence of sentences) {
    for (const token of sentence.tokens) {
      for (const word of token.key.split(' ')) {
        if (word === '') continue;
        words += 1;
        wordCounts.set(word, (wordCounts.get(word) ?? 0) + 1);
      }
    }
  }
  return { words, documents, wordCounts };
}
