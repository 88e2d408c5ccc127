import { issuesOf, type Issue } from './issue-finding';
import type { Provisional } from './provisional';
import type { Report } from './report';
import type { Settings } from './settings';
import { loadWork, requireMadeFrom, saveWork, type Loaded } from './work-files';
import type { Terms } from './extract';
import type { Corpus } from './corpus';

export interface Issues {
  issues: Issue[];
}

/** Step 3: finds terms that are unclear, contradictory, missing or not worth keeping. */
export function issues(settings: Settings, report: Report): void {
  const { defined } = loadProvisional(settings.work);
  const { terms } = defined.content;
  const found: Issue[] = [];
  terms.forEach((term, index) => {
    found.push(...issuesOf(term, terms, settings));
    report.progress(index + 1, terms.length, `Checked ${term.term}`);
  });
  saveWork(settings.work, 'issues', { issues: found } satisfies Issues, defined.fingerprint);
  report.metrics({ termsCount: terms.length, issuesCount: found.length });
  report.say(`Found ${found.length} issues${found.length === 0 ? '' : `: ${countByKind(found)}`}.`);
}

/** Loads the defined terms and their corpus. @throws GlossaryError if they are from different runs */
export function loadProvisional(work: string): { corpus: Loaded<Corpus>; defined: Loaded<Provisional> } {
  const defined = loadWork<Provisional>(work, 'provisional');
  const corpus = loadWork<Corpus>(work, 'corpus');
  const terms = loadWork<Terms>(work, 'terms');
  requireMadeFrom('terms', terms, 'corpus', corpus.fingerprint);
  requireMadeFrom('provisional', defined, 'terms', terms.fingerprint);
  return { corpus, defined };
}

export function countByKind(found: Pick<Issue, 'kind'>[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of found) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
}
