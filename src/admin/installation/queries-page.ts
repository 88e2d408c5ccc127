import type { FileProblem } from '../../config-files/file-problem';
import type { AllowedDomain, Query, SearchCount } from '../../inputs/run-inputs';
import { searchKey } from '../../inputs/search-key';
import type { ProjectDefinition } from '../../projects/project';
import { numberText } from '../words/number-text';
import { searchCountWords } from '../words/search-words';
import { shortText } from '../words/short-text';

/** One of the two files, as it was last read. */
export interface InputFile<Item> {
  /** Path for display. */
  path: string;
  /** Null if there is no file, or it was never valid. */
  content: Item[] | null;
  problems: FileProblem[];
}

export interface QueriesPageFacts {
  queries: InputFile<Query>;
  allowlists: InputFile<AllowedDomain>;
  count: SearchCount;
  /** Why a run would be refused; null if it would get searches. */
  refusal: string | null;
  /** The projects whose runs get the searches. */
  users: Pick<ProjectDefinition, 'projectId' | 'name'>[];
}

export interface QueriesPage {
  /** "2 queries × 2 domains = 4 searches" */
  count: string;
  refusal: string | null;
  users: { name: string; href: string }[];
  queries: InputTable;
  domains: InputTable;
}

export interface InputTable {
  path: string;
  problems: { line: number | null; reason: string }[];
  /** True if the last valid version is shown. */
  hasValidVersion: boolean;
  /** The form address of its buttons. */
  action: string;
  rows: InputRow[];
  /** The number of rows that are not shown; null if all are. */
  more: string | null;
}

export interface InputRow {
  /** Within the page; it stays when the state changes, so that the focus stays on the button. */
  key: string;
  name: string;
  /** The name in the form. */
  value: string;
  text: string | null;
  isEnabled: boolean;
  /** The state after a press of the button. */
  next: 'true' | 'false';
  /** The name of an earlier item that gives the same searches. */
  sameAs: string | null;
}

const MAX_ROWS = 500;
const SHOWN_LENGTH = 300;

export function queriesPage({ queries, allowlists, count, refusal, users }: QueriesPageFacts): QueriesPage {
  return {
    count: searchCountWords(count),
    refusal,
    users: users.map(({ projectId, name }) => ({ name, href: `/projects/${projectId}` })),
    queries: inputTable('query', queries, ({ queryId, text, isEnabled }) => ({
      name: queryId,
      text,
      isEnabled,
      key: searchKey(text, ''),
    })),
    domains: inputTable('domain', allowlists, ({ domain, isEnabled }) => ({
      name: domain,
      text: null,
      isEnabled,
      key: searchKey('', domain),
    })),
  };
}

function inputTable<Item>(
  kind: 'query' | 'domain',
  { path, content, problems }: InputFile<Item>,
  shown: (item: Item) => { name: string; text: string | null; isEnabled: boolean; key: string },
): InputTable {
  const firstOf = new Map<string, string>();
  const items = (content ?? []).map(shown);
  const rows = items.slice(0, MAX_ROWS).map(({ name, text, isEnabled, key }, index): InputRow => {
    const first = isEnabled ? firstOf.get(key) : undefined;
    if (isEnabled && first === undefined) firstOf.set(key, name);
    return {
      key: `${kind}-${index}`,
      name: shortText(name, SHOWN_LENGTH),
      value: name,
      text: text === null ? null : shortText(text, SHOWN_LENGTH),
      isEnabled,
      next: isEnabled ? 'false' : 'true',
      sameAs: first === undefined ? null : shortText(first, SHOWN_LENGTH),
    };
  });
  return {
    path,
    problems: problems.map(({ line, reason }) => ({ line, reason })),
    hasValidVersion: content !== null,
    action: `/queries/${kind}`,
    rows,
    more: items.length > MAX_ROWS ? numberText(items.length - MAX_ROWS) : null,
  };
}
