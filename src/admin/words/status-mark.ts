import type { RunStatus, StepStatus } from '../../runs/run';
import { phaseOf, type PhasedRun } from '../../runs/run-state';
import { STATUS_WORDS } from './plain-words';

/** A status as it is shown everywhere: a colour, an icon and a word, so that none of them has to be seen alone. */
export interface StatusMark {
  tone: keyof typeof STATUS_WORDS | 'outdated';
  icon: string;
  word: string;
  /** What a running run is really doing, where it is not at work. */
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
  const phase = phaseOf(run);
  const note = phase === 'waiting' ? 'waiting for a worker' : phase === 'stopping' ? 'stopping' : null;
  return { ...stepMark(run.status), note };
}

/** How a project stands: as its latest run, but one that went well says whether that still holds. */
export function projectMark(run: PhasedRun | null, change: string | null): StatusMark {
  if (run?.status !== 'completed') return runMark(run);
  return projectToneMark(change === null ? 'completed' : 'outdated');
}

export type ProjectTone = RunStatus | 'never' | 'outdated';

export function projectToneMark(tone: ProjectTone): StatusMark {
  if (tone === 'outdated') return { tone, icon: '↻', word: 'Needs re-run', note: null };
  return tone === 'completed' ? { ...stepMark(tone), word: 'Up to date' } : stepMark(tone);
}

export function stepMark(status: keyof typeof STATUS_WORDS): StatusMark {
  return { tone: status, icon: ICONS[status], word: STATUS_WORDS[status], note: null };
}
