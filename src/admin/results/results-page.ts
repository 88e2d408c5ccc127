import type { TablePage, TableView } from '../../results/table/result-tables';
import { sortText, type TableSort } from '../../results/table/table-layout';
import { numberText } from '../words/number-text';
import { type TimeText, timeText } from '../words/time-text';
import { columnLabel, otherColumns, type RowView, rowView } from './result-cells';

/** What a reader of the page asks for, as in its address. */
export interface ResultsAddress {
  view: TableView | undefined;
  search: string | undefined;
  sort: string | undefined;
  cursor: string | undefined;
}

export interface ResultsTable {
  run: { number: string; href: string; endedAt: TimeText };
  /** Empty without a column for the run that added a row. */
  tabs: { label: string; count: string | null; href: string; isCurrent: boolean }[];
  form: { action: string; search: string; view: string | null; sort: string | null };
  columns: ColumnHead[];
  rows: RowView[];
  /** Why there are no rows; null if there are some. */
  empty: { text: string; href: string | null; linkText: string | null } | null;
  firstHref: string | null;
  nextHref: string | null;
  csvHref: string;
}

export interface ColumnHead {
  label: string;
  /** Null for a column whose name is too long for an address. */
  href: string | null;
  ariaSort: 'ascending' | 'descending' | null;
  isNumber: boolean;
}

/** Addresses can have about 16 KiB, and proxies allow less. */
const MAX_NAME_IN_ADDRESS = 1000;
const VIEWS = { today: 'Today', all: 'All' } as const;

export function resultsHref(
  projectId: string,
  { view, search, sort, cursor }: Partial<ResultsAddress>,
  path = `/projects/${projectId}/results`,
): string {
  const given = Object.entries({ view, search, sort, cursor }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

export function resultsTable(
  projectId: string,
  address: ResultsAddress,
  page: TablePage,
  namedColumns: readonly string[] | null,
): ResultsTable {
  const { live, layout, counts, nextCursor } = page;
  const { cursor, ...question } = address;
  const href = (change: Partial<ResultsAddress>) => resultsHref(projectId, { ...question, ...change });
  const others = otherColumns(layout, namedColumns);
  const heads = [
    ...(layout.title === null ? [] : [layout.title]),
    ...others.map((index) => layout.columns[index]!.name),
  ];
  const shown = page.rows.map((cells) => rowView(cells, layout, others));
  const numeric = others.map((_, index) => isNumeric(shown, index));
  const rows = shown.map((row) => ({
    ...row,
    cells: row.cells.map((cell, index) => ({ ...cell, isNumber: cell.isNumber || numeric[index]! })),
  }));
  return {
    run: {
      number: `#${live.number}`,
      href: `/projects/${projectId}/runs/${live.number}`,
      endedAt: timeText(live.madeAt),
    },
    tabs:
      layout.newBy === null
        ? []
        : (['today', 'all'] as const).map((view) => ({
            label: VIEWS[view],
            count: counts[view] === null ? null : numberText(counts[view]),
            href: href({ view }),
            isCurrent: view === page.view,
          })),
    form: {
      action: resultsHref(projectId, {}),
      search: page.search ?? '',
      view: question.view ?? null,
      sort: question.sort ?? null,
    },
    columns: heads.map((name, index) => ({
      label: columnLabel(name),
      href: name.length > MAX_NAME_IN_ADDRESS ? null : href({ sort: sortText(nextSort(name, page.sort)) }),
      ariaSort: page.sort?.column === name ? (page.sort.descending ? 'descending' : 'ascending') : null,
      isNumber: numeric[layout.title === null ? index : index - 1] ?? false,
    })),
    rows,
    empty: rows.length === 0 ? emptyText(page, cursor !== undefined, href) : null,
    firstHref: cursor === undefined ? null : href({}),
    nextHref: nextCursor === null ? null : href({ cursor: nextCursor }),
    csvHref: resultsHref(
      projectId,
      { view: page.view, search: page.search ?? undefined, sort: question.sort },
      `/api/projects/${projectId}/results/rows.csv`,
    ),
  };
}

function nextSort(column: string, sort: TableSort | null): TableSort {
  return { column, descending: sort?.column === column && !sort.descending };
}

/** Returns true if a column has numbers and nothing else. Its head and its blanks are then aligned with them. */
function isNumeric(rows: RowView[], index: number): boolean {
  const cells = rows.flatMap((row) => row.cells[index] ?? []);
  return cells.some(({ isNumber }) => isNumber) && cells.every((cell) => cell.isNumber || cell.isBlank);
}

function emptyText(
  { view, search, live, layout }: TablePage,
  isLaterPage: boolean,
  href: (change: Partial<ResultsAddress>) => string,
): ResultsTable['empty'] {
  if (isLaterPage) return { text: 'No more rows.', href: href({}), linkText: 'First page' };
  const hasAll = view === 'today' && layout.newBy !== null;
  if (search !== null) {
    return hasAll
      ? { text: `No new row contains “${search}”.`, href: href({ view: 'all' }), linkText: 'Search all rows' }
      : { text: `No row contains “${search}”.`, href: href({ search: '' }), linkText: 'Clear the search' };
  }
  return hasAll
    ? { text: `Run #${live.number} added no rows.`, href: href({ view: 'all' }), linkText: 'Show all rows' }
    : { text: `The table of run #${live.number} has no rows.`, href: null, linkText: null };
}
