import type { RunView } from '../runs/run-view';
import { duration, localTime } from './durations';
import { statusCell } from './status-words';
import { type Column, table } from './table';
import type { Terminal } from './terminal';

/** Returns runs as a table; the last column has the message or reason. */
export function runTable(terminal: Terminal, runs: readonly RunView[], now: number): string[] {
  const columns: Column<RunView>[] = [
    { heading: 'STATUS', cell: ({ status }) => statusCell(status) },
    { heading: 'RUN', cell: ({ projectId, number }) => `${projectId}/${number}`, only: 'terminal' },
    { heading: 'NUMBER', cell: ({ number }) => String(number), only: 'pipe' },
    { heading: 'ID', cell: ({ runId }) => runId, only: 'pipe' },
    { heading: 'PROJECT', cell: ({ projectId }) => projectId, only: 'pipe' },
    { heading: 'SCOPE', cell: ({ scope }) => scope, isText: true },
    { heading: 'STARTED', cell: ({ startedAt }) => ({ text: localTime(startedAt), plain: startedAt }) },
    {
      heading: 'DURATION',
      cell: ({ durationMs, startedAt }) => duration(durationMs ?? now - Date.parse(startedAt)),
    },
    {
      heading: 'REASON',
      cell: ({ waiting, error, statusReason }) => waiting?.message ?? error?.message ?? statusReason ?? '',
      isText: true,
    },
  ];
  return table(terminal, columns, runs);
}
