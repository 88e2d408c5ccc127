import { contentHash } from '../../projects/content-hash';
import type { Run } from '../../runs/run';
import type { RunView } from '../../runs/run-view';

/** Names what a part of a page shows: as long as it is the same there is nothing to send. Time passing is no change. */
export function pageVersion(runs: Pick<Run, 'runId' | 'revision'>[], ...facts: unknown[]): string {
  return contentHash([runs.map(({ runId, revision }) => [runId, revision]), facts]).slice(0, 16);
}

/**
 * Changes that are not of the run itself: the same run may wait for something else a moment later. For how long, and
 * how long ago somebody was heard, is no change.
 */
export function waitingKey(view: RunView | null): string | null {
  return view?.waiting
    ? `${view.waiting.code}: ${view.waiting.message.replaceAll(/\d+(?= (?:s|m|h|d)\b)/g, '')}`
    : null;
}
