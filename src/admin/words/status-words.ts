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

/** Texts for reasons that add to the status; others are shown unchanged. */
const REASON_WORDS: Record<string, string> = {
  'cancelled-by-user': 'stopped manually',
  'cancelled-by-worker': 'stopped by the worker',
  'step-failed': 'a step failed',
  'timed-out': 'timed out',
  'worker-lost': 'worker lost',
  'worker-reported': 'failure reported by the worker',
  'no-worker': 'no worker reported in time',
  'quota-reached': 'quota used up',
  'definition-mismatch': 'the worker has a different project definition',
  'secrets-unreadable': 'the key for secrets has changed',
  restored: 'active when the restored backup was made',
  'artifact-missing': 'an artifact is missing',
  'events-rejected': 'the server rejected some events',
  'log-incomplete': 'log lines are missing',
};

export function reasonWords(statusReason: string): string {
  return REASON_WORDS[statusReason] ?? statusReason.replaceAll('-', ' ');
}

export function scopeWords(scope: string): string {
  if (scope === 'full') return 'Full pipeline';
  const [, kind, step] = /^(from|only):(.+)$/.exec(scope) ?? [];
  if (step === undefined) return scope;
  return kind === 'from' ? `From ${step}` : `Only ${step}`;
}
