import { sizeText } from '../config/size-text';
import type { StepView } from '../runs/run-parts.view';
import type { RunDetailView } from '../runs/run-view';
import { shownStarter } from '../runs/shown-starter';
import { duration, localTime } from './durations';
import { progressText } from './progress-text';
import { statusCell, statusWord } from './status-words';
import { type Cell, fitted } from './table';
import type { Terminal } from './terminal';
import { oneLine } from './terminal-text';

/** `--json` prints all. */
const SHOWN_SEARCHES = 20;
const INDENT = '  ';

/** Returns everything about one run, one fact per line. */
export function runDetails(terminal: Terminal, run: RunDetailView, page: string, now: number): string[] {
  const starter = shownStarter(run);
  const facts: [string, string | null][] = [
    ['Number', `#${run.number}`],
    ['Run', run.runId],
    ['Project', run.projectId],
    [
      'Status',
      statusWord(terminal, run.status) + (run.statusReason ? ` (${oneLine(run.statusReason)})` : ''),
    ],
    ['Waiting', run.waiting && `${oneLine(run.waiting.message)} (${run.waiting.code})`],
    ['Error', run.error && `${oneLine(run.error.message)} (${oneLine(run.error.code)})`],
    ['Progress', run.status === 'running' ? progressText(run) || null : null],
    ['Scope', oneLine(run.scope)],
    ['Params', Object.keys(run.params).length > 0 ? oneLine(assignments(run.params)) : null],
    [
      'Triggered',
      `by ${run.triggeredBy}${starter === null ? '' : ` (${oneLine(starter)})`}` +
        (run.rerunOf ? `, as a re-run of ${run.rerunOf}` : ''),
    ],
    ['Started', localTime(run.startedAt)],
    [
      'Stop requested',
      run.cancelRequestedAt &&
        localTime(run.cancelRequestedAt) +
          (run.cancelRequestedBy ? ` (${oneLine(run.cancelRequestedBy)})` : ''),
    ],
    ['Ended', run.endedAt && localTime(run.endedAt)],
    ['Duration', duration(run.durationMs ?? now - Date.parse(run.startedAt))],
    [
      'Worker',
      run.workerId && `${oneLine(run.workerId)}${run.attempt > 1 ? `, attempt ${run.attempt}` : ''}`,
    ],
    ['Searches', searchesText(run)],
    ['Calls', run.issuedCalls === null ? null : String(run.issuedCalls)],
    ['Metrics', oneLine(assignments(run.summary)) || null],
    ['Result', resultText(run)],
    ['Page', page],
  ];
  return [
    ...facts.flatMap(([name, fact]) => (fact ? [`${terminal.styled('dim', name.padEnd(14))}  ${fact}`] : [])),
    ...block(terminal, 'Steps', rows(terminal, stepCells(run.steps), 1)),
    ...block(
      terminal,
      'Artifacts',
      rows(
        terminal,
        run.artifacts.map(({ name, size, href }) => [name, sizeText(size), href]),
        0,
      ),
    ),
    ...block(terminal, 'Searches without results', zeroResultLines(terminal, run)),
  ];
}

function resultText({ result }: RunDetailView): string | null {
  if (result === null) return null;
  const { state, name, size, flaw } = result;
  const what = size === null ? `not used (${flaw ?? state})` : sizeText(size);
  return `${oneLine(name)}, ${what}`;
}

function searchesText({ runInputs, zeroResults }: RunDetailView): string | null {
  if (runInputs === undefined) return null;
  const without = zeroResults === null ? '' : `, ${zeroResults.length} reported without results`;
  return `${runInputs.length}${without}`;
}

function zeroResultLines(terminal: Terminal, { runId, zeroResults }: RunDetailView): string[] {
  const found = zeroResults ?? [];
  const shown = found.slice(0, SHOWN_SEARCHES).map(({ domain, queryText }) => [domain, queryText]);
  const lines = rows(terminal, shown, 1);
  const more = found.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more: show ${runId} --json`] : lines;
}

function stepCells(steps: readonly StepView[]): (Cell | string)[][] {
  return steps.map(({ name, status, startedAt, durationMs, exitCode }) => [
    statusCell(status),
    name,
    startedAt === null ? '' : duration(durationMs),
    exitCode === null || exitCode === 0 ? '' : `exit code ${exitCode}`,
  ]);
}

/** @param text number of the column that is cut first */
function rows(terminal: Terminal, cells: (Cell | string)[][], text: number): string[] {
  const width = (terminal.width ?? Infinity) - INDENT.length;
  return cells.length === 0
    ? []
    : fitted(
        terminal,
        cells,
        width,
        cells[0]!.map((_, column) => column === text),
      );
}

function block(terminal: Terminal, title: string, lines: string[]): string[] {
  return lines.length === 0
    ? []
    : ['', terminal.styled('bold', title), ...lines.map((line) => `${INDENT}${line}`)];
}

/** Formats params or metrics as name=value pairs, without null values. */
export function assignments(values: Record<string, unknown>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('  ');
}
