import { contentHash } from '../../projects/content-hash';
import type { Run } from '../../runs/run';
import type { Waiting } from '../../runs/waiting';

/**
 * Returns a hash of the content of a page part. While it is equal, the server sends nothing. Elapsed time is not a
 * change.
 */
export function pageVersion(runs: Pick<Run, 'runId' | 'revision'>[], ...facts: unknown[]): string {
  return contentHash([runs.map(({ runId, revision }) => [runId, revision]), facts]).slice(0, 16);
}

/** Returns the shown content without idle times: the same run may wait for another reason a moment later. */
export function waitingKey(waiting: Waiting | null): object | null {
  return waiting && 'consumers' in waiting
    ? { ...waiting, consumers: waiting.consumers.map(({ group, name }) => [group, name]) }
    : waiting;
}
