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
