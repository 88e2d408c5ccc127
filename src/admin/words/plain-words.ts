import type { RunStatus, StepStatus, TriggeredBy } from '../../runs/run';

/** Converts camelCase names to readable text: `newJobsCount` → "New jobs", `maxTerms` → "Max terms". */
export function humanised(name: string): string {
  const words = name
    .replace(/[_-]+/g, ' ')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .trim()
    .replace(/ counts?$/, '');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

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

/** Created once: creation takes about 100 times as long as one use. */
const NUMBERS = new Intl.NumberFormat('en', { maximumFractionDigits: 3 });

export function numberText(value: number): string {
  return NUMBERS.format(value);
}

export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
