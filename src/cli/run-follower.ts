import type { StepStatus } from '../runs/run';
import type { RunView } from '../runs/run-view';
import { commandLine } from '../config/command-line';
import { duration, elapsed } from './durations';
import { EXIT } from './failures';
import type { JobatoClient } from './jobato-client';
import { sourceOf } from '../logs/open-lines';
import { followRun, type RunEvent } from './log-events';
import { progressText } from './progress-text';
import { assignments } from './run-details';
import { statusWord } from './status-words';
import type { Terminal } from './terminal';
import { oneLine } from './terminal-text';

/** The interval between updates of the elapsed seconds on the status line. */
const TICK_MS = 1000;
/** The minimum time between two progress lines on output without a live status line. */
const PROGRESS_LINE_EVERY_MS = 2000;

export interface Followed {
  exitCode: number;
  /** The last known state. */
  run: RunView;
}

/**
 * Shows a run until it ends: its log, step changes, progress and outcome. Aborting `stop` ends the display, not the
 * run.
 */
export async function follow(
  client: JobatoClient,
  run: RunView,
  terminal: Terminal,
  stop: AbortSignal,
): Promise<Followed> {
  const shown = new ShownRun(terminal, run);
  const ticking = setInterval(() => shown.drawStatus(), TICK_MS);
  try {
    for await (const events of followRun(client, run.runId, stop)) shown.show(events);
    terminal.openLine('');
    terminal.status('');
    shown.tellEnd(client.pageOf(run.runId));
    return { exitCode: shown.run.status === 'completed' ? EXIT.done : EXIT.notCompleted, run: shown.run };
  } catch (error) {
    terminal.openLine('');
    terminal.status('');
    if (!stop.aborted) throw error;
    return { exitCode: EXIT.interrupted, run: shown.run };
  } finally {
    clearInterval(ticking);
  }
}

/** The first Ctrl-C stops following; the second one ends the process. */
export async function followUntilInterrupted(
  client: JobatoClient,
  run: RunView,
  terminal: Terminal,
): Promise<Followed> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const followed = await follow(client, run, terminal, stop.signal);
  if (stop.signal.aborted) {
    terminal.remark(
      'Stopped following. The run continues.',
      `  follow again:  ${commandLine(`logs ${run.runId} --follow`)}`,
      `  cancel:        ${commandLine(`cancel ${run.runId}`)}`,
    );
  }
  return followed;
}

class ShownRun {
  private readonly steps = new Map<string, StepStatus>();
  private waitingCode: string | null = null;
  private lastProgress = '';
  private lastProgressAtMs = -Infinity;
  private connectionRemark = '';
  /** The unfinished lines, the newest last. */
  private readonly open = new Map<string, string>();

  constructor(
    private readonly terminal: Terminal,
    public run: RunView,
  ) {}

  show(events: readonly RunEvent[]): void {
    let texts: string[] = [];
    const printTexts = () => {
      this.terminal.logText(texts);
      texts = [];
    };
    for (const event of events) {
      if (event.type === 'log') {
        texts.push(event.line.text);
        this.open.delete(sourceOf(event.line));
        continue;
      }
      if (event.type === 'line') {
        const source = sourceOf(event.line);
        this.open.delete(source);
        if (event.line.text !== '') this.open.set(source, event.line.text);
        continue;
      }
      printTexts();
      if (event.type === 'run') this.tellChange(event.run);
      else if (event.type === 'end') this.open.clear();
      else this.tellConnection(event);
    }
    printTexts();
    this.terminal.openLine([...this.open.values()].at(-1) ?? '');
    this.drawStatus();
  }

  drawStatus(): void {
    if (this.run.status !== 'running') return;
    const parts = [
      statusWord(this.terminal, 'running'),
      this.terminal.styled('dim', elapsed(Date.now() - Date.parse(this.run.startedAt))),
      this.connectionRemark || oneLine(this.run.waiting?.message ?? '') || progressText(this.run),
    ];
    this.terminal.status(parts.join('  ').trimEnd());
  }

  tellEnd(page: string): void {
    const { status, statusReason, error, durationMs, summary, artifacts } = this.run;
    const reason = statusReason ? ` (${oneLine(statusReason)})` : '';
    this.terminal.remark(`${statusWord(this.terminal, status)}${reason} after ${duration(durationMs)}`);
    if (error) this.terminal.remark(`  ${oneLine(error.message)} (${oneLine(error.code)})`);
    const results = oneLine(assignments(summary));
    if (results) this.terminal.remark(`  ${results}`);
    if (artifacts.length > 0)
      this.terminal.remark(`  artifacts: ${artifacts.map(({ name }) => oneLine(name)).join(', ')}`);
    this.terminal.remark(`  ${page}`);
  }

  private tellChange(run: RunView): void {
    this.run = run;
    for (const { name, status, durationMs, exitCode } of run.steps) {
      if (status === 'pending' || this.steps.get(name) === status) continue;
      this.steps.set(name, status);
      const details = [
        durationMs === null ? '' : `after ${duration(durationMs)}`,
        exitCode === null || exitCode === 0 ? '' : `with exit code ${exitCode}`,
      ];
      this.tell(
        [`${statusWord(this.terminal, status)}  step ${oneLine(name)}`, ...details].filter(Boolean).join(' '),
      );
    }
    if (this.terminal.isLive) return; // the status line shows the rest
    if (run.waiting && run.waiting.code !== this.waitingCode)
      this.tell(`waiting: ${oneLine(run.waiting.message)}`);
    this.waitingCode = run.waiting?.code ?? null;
    this.tellProgress(run);
  }

  private tellProgress(run: RunView): void {
    const { current, message } = run.progress;
    if (run.status !== 'running' || (current === null && message === null)) return;
    const text = progressText(run);
    const nowMs = performance.now();
    if (text === this.lastProgress || nowMs - this.lastProgressAtMs < PROGRESS_LINE_EVERY_MS) return;
    this.lastProgress = text;
    this.lastProgressAtMs = nowMs;
    this.tell(`progress: ${text}`);
  }

  private tellConnection(event: Extract<RunEvent, { type: 'lost' | 'back' }>): void {
    if (event.type === 'back') {
      this.connectionRemark = '';
      this.terminal.remark('Reconnected.');
      return;
    }
    this.connectionRemark = `connection lost, attempt ${event.attempt} of ${event.attempts}`;
    if (event.attempt === 1) {
      this.terminal.remark(
        `Connection lost (${event.reason}). This does not stop the run. Reconnecting, up to ${event.attempts} attempts.`,
      );
    }
  }

  private tell(line: string): void {
    this.terminal.remark(line);
  }
}
