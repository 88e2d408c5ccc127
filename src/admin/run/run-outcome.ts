import { isTerminal, type Run } from '../../runs/run';
import { numberText } from '../words/number-text';
import { errorWords, type PageWords } from '../words/page-words';
import { endReasonWords } from '../words/run-words';

/** How a run ended that did not simply complete. */
export interface RunOutcome {
  /** "Step fit failed with exit code 1" or "Worker lost in step fit" */
  title: string;
  code: string | null;
  /** Null if the title and `errorLines` already explain the end. */
  message: PageWords[] | null;
  /** The last lines of the failed step's error output. */
  errorLines: string[];
  /** The lines of the failed step; null without a log. */
  logHref: string | null;
}

/** The maximum length of an error message, in characters. */
const SHOWN_LENGTH = 2000;

/** Reasons that end a run during a step, which is not their cause. */
const DURING_A_STEP: ReadonlySet<string | null> = new Set(['worker-lost', 'timed-out']);

/** Returns null for an active or completed run, whose status is enough. */
export function runOutcome(run: Run, errorLines: string[]): RunOutcome | null {
  if (!isTerminal(run) || run.status === 'completed') return null;
  const step = failedStep(run);
  const errorLinesExplainIt = run.error?.code === 'STEP_FAILED' && errorLines.length > 0;
  return {
    title: titleOf(run),
    code: run.error && run.error.code,
    message: errorLinesExplainIt ? null : errorWords(run, SHOWN_LENGTH),
    errorLines,
    logHref:
      step === null || run.logsRemovedAt !== null ? null : `?step=${encodeURIComponent(step.name)}#run-log`,
  };
}

/**
 * The reason of the end decides, not the state of a step: when a worker is lost or the time is over, the step that was
 * running is failed too, but it is not the cause.
 */
function titleOf(run: Run): string {
  const step = failedStep(run);
  if (step !== null && (run.statusReason === null || run.statusReason === 'step-failed')) {
    return `Step ${step.name} failed${step.exitCode === null ? '' : ` with exit code ${step.exitCode}`}`;
  }
  const reason = endReasonWords(run);
  if (reason === null) return `Run ${run.status}`;
  const where = step !== null && DURING_A_STEP.has(run.statusReason) ? ` in step ${step.name}` : '';
  return capital(`${reason}${where}${reachedText(run)}`);
}

/** Returns how far a partial run came, as its step reported it: " after 60 of 80 in parse". */
export function reachedText({ status, progress: { step, current, total } }: Run): string {
  if (status !== 'partial' || current === null || total === null || current >= total) return '';
  return ` after ${numberText(current)} of ${numberText(total)}${step === null ? '' : ` in ${step}`}`;
}

function failedStep({ steps }: Run) {
  return steps.find(({ status }) => status === 'failed') ?? null;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
