import type { RunStatus, StepStatus, TriggeredBy } from '../../runs/run';

export const STATUS_WORDS: Record<RunStatus | StepStatus | 'never', string> = {
  never: 'Never run',
  running: 'Running',
  completed: 'Completed',
  partial: 'Partial',
  failed: 'Failed',
  cancelled: 'Cancelled',
  pending: 'Pending',
  skipped: 'Skipped',
};

export const TRIGGER_WORDS: Record<TriggeredBy, string> = {
  manual: 'Manual',
  api: 'API',
  schedule: 'Schedule',
  rerun: 'Re-run',
  auto: 'Automatic',
};

/** The same for use within a sentence. */
export const TRIGGERED_WORDS: Record<TriggeredBy, string> = {
  manual: 'triggered manually',
  api: 'triggered via API',
  schedule: 'triggered by schedule',
  rerun: 'triggered as a re-run',
  auto: 'triggered automatically',
};

export function scopeWords(scope: string): string {
  if (scope === 'full') return 'Full pipeline';
  const [, kind, step] = /^(from|only):(.+)$/.exec(scope) ?? [];
  if (step === undefined) return scope;
  return kind === 'from' ? `From ${step}` : `Only ${step}`;
}
