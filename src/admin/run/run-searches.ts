import type { RunInput } from '../../events/run-event';
import { searchKey } from '../../inputs/search-key';
import { isTerminal, type Run, type ZeroResult } from '../../runs/run';
import { numberText } from '../words/number-text';
import { counted } from '../words/search-words';
import { shortText } from '../words/short-text';
import { type TimeText, timeText } from '../words/time-text';

/** The searches of a run: those it was started with, and those that it reported without results. */
export interface RunSearches {
  /** "4 searches, 1 without results, 12 calls" */
  lead: string;
  /** What is not known about the searches. */
  note: string | null;
  rows: SearchRow[];
  /** The rows that are folded. */
  more: SearchRow[];
  /** "Show 90 more" */
  moreLabel: string | null;
  /** The number of all searches, for the link to the API; null if the page already shows all. */
  all: string | null;
}

export interface SearchRow {
  query: string;
  domain: string;
  /** Null for a search that the run was not started with. */
  searchQuery: string | null;
  /** When the search found nothing; null if that was not reported. */
  emptyAt: TimeText | null;
}

const OPEN_ROWS = 10;
const MAX_ROWS = 200;
/** A query text has up to 1,000 characters; a reported one up to 10,000. */
const SHOWN_LENGTH = 300;

/**
 * Returns null for a run that has nothing to do with searches. Searches without results are first, because readers
 * look for them, and a long list is cut.
 * @param hasInputs true if the project gives searches to its runs
 */
export function runSearches(run: Run, inputs: RunInput[] | null, hasInputs: boolean): RunSearches | null {
  const { zeroResults, issuedCalls } = run;
  if (inputs === null && zeroResults === null && !hasInputs) return null;
  const emptyAt = new Map((zeroResults ?? []).map((empty) => [keyOf(empty), empty]));
  const given = (inputs ?? []).map((input) => ({ input, empty: emptyAt.get(keyOf(input)) }));
  const known = new Set((inputs ?? []).map(keyOf));
  const others = [...emptyAt.values()].filter((empty) => !known.has(keyOf(empty)));
  const ordered = [
    ...given.filter(({ empty }) => empty !== undefined),
    ...others.map((empty) => ({ input: null, empty })),
    ...given.filter(({ empty }) => empty === undefined),
  ];
  const shown = ordered.slice(0, MAX_ROWS).map(searchRow);
  const more = shown.slice(OPEN_ROWS);
  return {
    lead: [
      ...(inputs === null ? [] : [counted(inputs.length, 'search', 'searches')]),
      ...(zeroResults === null ? [] : [`${numberText(emptyAt.size)} without results`]),
      ...(issuedCalls === null ? [] : [counted(issuedCalls, 'call', 'calls')]),
    ].join(', '),
    note: noteOf(run, inputs),
    rows: shown.slice(0, OPEN_ROWS),
    more,
    moreLabel: more.length === 0 ? null : `Show ${numberText(more.length)} more`,
    all: ordered.length > MAX_ROWS ? numberText(ordered.length) : null,
  };
}

function keyOf({ queryText, domain }: RunInput | ZeroResult): string {
  return searchKey(queryText, domain);
}

function searchRow({ input, empty }: { input: RunInput | null; empty?: ZeroResult }): SearchRow {
  const { queryText, domain } = input ?? empty!;
  return {
    query: shortText(queryText, SHOWN_LENGTH),
    domain: shortText(domain, SHOWN_LENGTH),
    searchQuery: input && shortText(input.searchQuery, SHOWN_LENGTH),
    emptyAt: empty ? timeText(empty.occurredAt) : null,
  };
}

function noteOf(run: Run, inputs: RunInput[] | null): string | null {
  if (inputs === null && run.zeroResults === null) return 'The searches of this run were not stored.';
  if (run.zeroResults !== null) return null;
  return isTerminal(run)
    ? 'This run reported no list of searches without results.'
    : 'A run reports searches without results when it ends.';
}
