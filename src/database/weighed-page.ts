import type { Transaction } from './writer';

/** Maximum size of the rows of one page in the database. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/**
 * Selects the rows of a page that is bounded in rows and in bytes. SQLite returns the size of a row without reading its
 * content, so only the rows of the page are read.
 * @param keys SQL that selects the `key` and the `size` of `limit + 1` rows, in the order of the page
 * @returns the keys of the page, at least one if there are any, and whether more rows follow
 */
export async function weighedPage<Key extends string | number>(
  read: Pick<Transaction, 'query'>,
  keys: string,
  parameters: unknown[],
  limit: number,
): Promise<{ keys: Key[]; hasMore: boolean }> {
  const rows = await read.query<{ key: Key; size: number }>(keys, parameters);
  let bytes = 0;
  let count = 0;
  while (count < rows.length && count < limit) {
    bytes += Number(rows[count]!.size);
    if (count > 0 && bytes > MAX_PAGE_BYTES) break;
    count++;
  }
  return { keys: rows.slice(0, count).map(({ key }) => key), hasMore: rows.length > count };
}
