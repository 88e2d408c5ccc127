import type { RerunReason } from '../../history/rerun-reason';
import type { RunStatus, StepStatus } from '../../runs/run';
import { isHandedOut, phaseOf, type PhasedRun } from '../../runs/run-state';
import { STATUS_WORDS } from './status-words';

/** A status as shown everywhere: colour, icon and word, so that no reader depends on one of them. */
export interface StatusMark {
  tone: keyof typeof STATUS_WORDS | 'outdated';
  icon: string;
  word: string;
  /** The actual phase of a running run, if it is waiting or stopping. */
  note: string | null;
}

const ICONS: Record<RunStatus | StepStatus | 'never', string> = {
  never: '○',
  running: '●',
  completed: '✓',
  partial: '◐',
  failed: '✕',
  cancelled: '⊘',
  pending: '○',
  skipped: '–',
};

export function runMark(run: PhasedRun | null): StatusMark {
  if (run === null) return stepMark('never');
  return { ...stepMark(run.status), note: noteOf(run) };
}

function noteOf(run: PhasedRun): string | null {
  switch (phaseOf(run)) {
    case 'waiting':
      return isHandedOut(run) ? 'no report yet' : 'waiting for a worker';
    case 'stopping':
      return 'stopping';
    default:
      return null;
  }
}

/**
 * Returns the mark of a project: that of its latest run, but after a completed run whether its result is up to
 * date.
 */
export function projectMark(run: PhasedRun | null, outdated: RerunReason | null): StatusMark {
  if (run?.status !== 'completed') return runMark(run);
  return projectToneMark(outdated === null ? 'completed' : 'outdated');
}

export type ProjectTone = RunStatus | 'never' | 'outdated';

export function projectToneMark(tone: ProjectTone): StatusMark {
  if (tone === 'outdated') return { tone, icon: '↻', word: 'Needs re-run', note: null };
  return tone === 'completed' ? { ...stepMark(tone), word: 'Up to date' } : stepMark(tone);
}

export function stepMark(status: keyof typeof STATUS_WORDS): StatusMark {
  return { tone: status, icon: ICONS[status], word: STATUS_WORDS[status], note: null };
}
