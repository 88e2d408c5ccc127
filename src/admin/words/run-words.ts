import type { Run } from '../../runs/run';
import { reasonWords } from '../../runs/reason-words';
import { shownStarter } from '../../runs/shown-starter';
import { TRIGGERED_WORDS } from './status-words';

/** Who requested a stop or a publication, if no user is known. */
const CHANNELS: Record<string, string> = { page: 'manually', api: 'via API', jobato: 'by Jobato' };

/** Returns "#14". */
export function numberSign({ number }: Pick<Run, 'number'>): string {
  return `#${number}`;
}

/** Returns the name of a run: "Nightly backup #14". */
export function runName(projectName: string, run: Pick<Run, 'number'>): string {
  return `${projectName} ${numberSign(run)}`;
}

/** Returns "triggered by schedule weekly" or "triggered manually by ada", for use within a sentence. */
export function triggeredWords(run: Pick<Run, 'triggeredBy' | 'triggeredByName'>): string {
  const words = TRIGGERED_WORDS[run.triggeredBy];
  const starter = shownStarter(run);
  if (starter === null) return words;
  return run.triggeredBy === 'schedule' ? `${words} ${starter}` : `${words} by ${starter}`;
}

/** Returns "by ada" or "manually". */
export function requestedWords(requestedBy: string): string {
  return CHANNELS[requestedBy] ?? `by ${requestedBy}`;
}

/** Returns why a run ended as it did: "stopped by ada"; null if the status is enough. */
export function endReasonWords({
  statusReason,
  cancelRequestedBy: by,
}: Pick<Run, 'statusReason' | 'cancelRequestedBy'>): string | null {
  if (statusReason === null) return null;
  const isByUser = statusReason === 'cancelled-by-user' && by !== null && !Object.hasOwn(CHANNELS, by);
  return isByUser ? `stopped by ${by}` : reasonWords(statusReason);
}
