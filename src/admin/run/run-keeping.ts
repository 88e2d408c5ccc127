import { isTerminal, type Run } from '../../runs/run';
import { type TimeText, timeTextOrNull } from '../words/time-text';

/** How long the run stays: its pin, what was removed, and the button that deletes it. */
export interface RunKeeping {
  isPinned: boolean;
  words: string;
  /** Address of the form that pins or unpins. */
  pinHref: string;
  canDelete: boolean;
  deleteHref: string;
  logsRemovedAt: TimeText | null;
  artifactsRemovedAt: TimeText | null;
}

export function runKeeping(
  run: Pick<Run, 'runId' | 'status' | 'pinned' | 'logsRemovedAt' | 'artifactsRemovedAt'>,
): RunKeeping {
  const isPinned = run.pinned === 1;
  return {
    isPinned,
    words: isPinned
      ? 'Pinned: this run is kept with its log and its files, however old it is.'
      : 'Pin this run to keep it, however old it is.',
    pinHref: `/runs/${run.runId}/${isPinned ? 'unpin' : 'pin'}`,
    canDelete: isTerminal(run) && !isPinned,
    deleteHref: `/runs/${run.runId}/delete`,
    logsRemovedAt: timeTextOrNull(run.logsRemovedAt),
    artifactsRemovedAt: timeTextOrNull(run.artifactsRemovedAt),
  };
}
