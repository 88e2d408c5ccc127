import { sizeText } from '../config/size-text';
import type { StepView } from '../runs/run-parts.view';
import type { RunDetailView } from '../runs/run-view';
import { shownStarter } from '../runs/shown-starter';
import { duration, localTime } from './durations';
import { progressText } from './progress-text';
import { aligned } from './run-table';
import { statusWord } from './status-words';
import type { Terminal } from './terminal';
import { oneLine } from './terminal-text';

/** `--json` prints all. */
const SHOWN_SEARCHES = 20;

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
    ...block(terminal, 'Steps', stepLines(terminal, run.steps)),
    ...block(
      terminal,
      'Artifacts',
      aligned(run.artifacts.map(({ name, size, href }) => [oneLine(name), sizeText(size), href])),
    ),
    ...block(terminal, 'Searches without results', zeroResultLines(run)),
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

function zeroResultLines({ runId, zeroResults }: RunDetailView): string[] {
  const found = zeroResults ?? [];
  const lines = aligned(
    found.slice(0, SHOWN_SEARCHES).map(({ domain, queryText }) => [oneLine(domain), oneLine(queryText)]),
  );
  const more = found.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more: show ${runId} --json`] : lines;
}

function stepLines(terminal: Terminal, steps: readonly StepView[]): string[] {
  const words = aligned(
    steps.map(({ name, startedAt, durationMs, exitCode }) => [
      oneLine(name),
      startedAt === null ? '' : duration(durationMs),
      exitCode === null || exitCode === 0 ? '' : `exit code ${exitCode}`,
    ]),
  );
  return steps.map(
    ({ status }, index) =>
      `${statusWord(terminal, status, '✓ completed'.length)}  ${words[index]!.trimEnd()}`,
  );
}

function block(terminal: Terminal, title: string, lines: string[]): string[] {
  return lines.length === 0
    ? []
    : ['', terminal.styled('bold', title), ...lines.map((line) => `  ${line.trimEnd()}`)];
}

/** Formats params or metrics as name=value pairs, without null values. */
export function assignments(values: Record<string, unknown>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('  ');
}
