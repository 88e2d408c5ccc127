import type { OutdatedReason } from '../../history/project-change';
import type { RunStatus, StepStatus } from '../../runs/run';
import { isHandedOut, phaseOf, type PhasedRun } from '../../runs/run-state';
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

/** How a project stands: as its latest run, but one that went well says whether that still holds. */
export function projectMark(run: PhasedRun | null, outdated: OutdatedReason | null): StatusMark {
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
