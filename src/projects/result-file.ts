import type { Complaint } from '../config-files/parse-yaml';
import { DEFAULT_LIVE_RESULT, type LiveResultSetting, type ResultRule, type ResultTable } from './project';
import type { ProjectFile, ResultFile } from './project-file.schema';

/** Relative to DATA_DIR, on one line, without a way up. */
export const POINTER = '^(?!/)(?!(?:.*/)?\\.{0,2}(?:/|$))[^\\u0000-\\u001f\\\\]+$';
const DESCENDING = /\s+(asc|desc)$/i;

/** Returns what a run stores of `result`; null if that is all as by default. */
export function toResultRule({ artifact, partial = false }: ResultFile = {}): ResultRule | null {
  return artifact === undefined && !partial ? null : { artifact: artifact ?? null, partial };
}

export function toLiveResult({ pointer, keep, table }: ResultFile = {}): LiveResultSetting {
  return {
    pointer: pointer ?? null,
    keep: keep ?? DEFAULT_LIVE_RESULT.keep,
    table: table === undefined ? null : toTable(table),
  };
}

function toTable({ name, columns, newBy, title, link, sort }: NonNullable<ResultFile['table']>): ResultTable {
  return {
    name,
    columns: columns ?? null,
    newBy: newBy ?? null,
    title: title ?? null,
    link: link ?? null,
    sort:
      sort === undefined
        ? null
        : { column: sort.replace(DESCENDING, ''), descending: /\s+desc$/i.test(sort) },
  };
}

export function aboutResult({ result }: ProjectFile): Complaint[] {
  const { pointer } = result ?? {};
  if (pointer === undefined || new RegExp(POINTER).test(pointer)) return [];
  return [
    {
      path: ['result', 'pointer'],
      reason: `"pointer": "${pointer}" must be a file below DATA_DIR, such as db/current-db.txt, and may not contain ".."`,
    },
  ];
}
