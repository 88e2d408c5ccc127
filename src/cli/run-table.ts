import type { RunView } from '../runs/run-view';
import { duration, localTime } from './durations';
import { statusWord } from './status-words';
import type { Terminal } from './terminal';
import { oneLine } from './terminal-text';

const STATUS_WIDTH = '✓ completed'.length;

/** Returns runs as aligned columns with a heading; the last column holds the message or reason. */
export function runTable(terminal: Terminal, runs: readonly RunView[], now: number): string[] {
  const cells = [
    ['NUMBER', 'RUN', 'PROJECT', 'SCOPE', 'STARTED', 'DURATION'],
    ...runs.map((run) => [
      `#${run.number}`,
      run.runId,
      run.projectId,
      oneLine(run.scope),
      localTime(run.startedAt),
      duration(run.durationMs ?? now - Date.parse(run.startedAt)),
    ]),
  ];
  const [heading, ...rows] = aligned(cells);
  return [
    terminal.styled('bold', `${'STATUS'.padEnd(STATUS_WIDTH)}  ${heading}`.trimEnd()),
    ...runs.map((run, index) =>
      `${statusWord(terminal, run.status, STATUS_WIDTH)}  ${rows[index]}  ${shortReason(run)}`.trimEnd(),
    ),
  ];
}

/** Pads each column to its widest cell. */
export function aligned(rows: readonly string[][]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  '));
}

function shortReason(run: RunView): string {
  return oneLine(run.waiting?.message ?? run.error?.message ?? run.statusReason ?? '');
}
