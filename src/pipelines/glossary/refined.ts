import path from 'node:path';
import { PARTIAL_REASON } from './corpus';
import { skipText } from './documents';
import type { Glossary } from './glossary';
import { glossaryMarkdown } from './glossary-markdown';
import { countByKind, loadProvisional, type Issues } from './issues';
import { refine } from './refining';
import type { Report } from './report';
import type { Settings } from './settings';
import { loadWork, replaceFiles, requireMadeFrom } from './work-files';

/** Step 4: resolves issues where possible and writes the glossary. */
export function refined(settings: Settings, report: Report): void {
  const found = loadWork<Issues>(settings.work, 'issues');
  const { corpus, defined } = loadProvisional(settings.work);
  requireMadeFrom('issues', found, 'provisional', defined.fingerprint);

  report.say(`Refining ${defined.content.terms.length} terms with ${found.content.issues.length} issues.`);
  const { documents, skipped, unreadable, docs, root } = corpus.content;
  const result = refine(defined.content.terms, found.content.issues, settings.minConfidence);
  const glossary: Glossary = {
    format: 'jobato-glossary',
    version: 1,
    title: settings.title,
    documents: {
      folder: docs,
      count: documents.length,
      skipped: skipped.map(({ path: document, reason: code }) => ({
        document,
        code,
        reason: skipText(code),
      })),
      unreadable: shown(unreadable),
    },
    ...result,
  };
  glossary.terms.forEach((term, index) =>
    report.progress(index + 1, glossary.terms.length, `Refined ${term.term}`),
  );
  // A run that starts here reads no documents, but its result has the same gaps.
  if (unreadable.length > 0) report.partial(PARTIAL_REASON);

  const json = `${JSON.stringify(glossary, null, 2)}\n`;
  for (const folder of destinations(settings)) {
    replaceFiles([
      { path: path.join(folder, 'glossary.md'), text: glossaryMarkdown(glossary, { folder, root }) },
      { path: path.join(folder, 'glossary.json'), text: json },
    ]);
    report.say(`Wrote ${path.join(folder, 'glossary.md')} and glossary.json.`);
  }
  if (settings.runDir !== null) {
    report.artifact('glossary.md');
    report.artifact('glossary.json');
    report.result('glossary.json');
  }
  const termsCount = glossary.terms.length;
  report.metrics({ documentsCount: documents.length, termsCount, issuesCount: glossary.openIssuesCount });
  const handled = glossary.resolved.length;
  report.say(
    `${termsCount} terms, ${glossary.undefinedTerms.length} more used but not defined, ` +
      `${glossary.openIssuesCount} issues open, ${handled} resolved${handled ? ` (${countByKind(glossary.resolved)})` : ''}.`,
  );
}

/** Returns the run's own folder first. If writing there fails, the work folder keeps the last good glossary. */
function destinations(settings: Settings): string[] {
  const folders = [settings.runDir, settings.out, settings.work].filter((folder) => folder !== null);
  return [...new Set(folders)];
}

function shown(list: { path: string; reason: string }[]): { document: string; reason: string }[] {
  return list.map(({ path: document, reason }) => ({ document, reason }));
}
