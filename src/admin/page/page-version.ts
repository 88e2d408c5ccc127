import { contentHash } from '../../projects/content-hash';
import type { Run } from '../../runs/run';
import type { Waiting } from '../../runs/waiting';

/** Names what a part of a page shows: as long as it is the same there is nothing to send. Time passing is no change. */
export function pageVersion(runs: Pick<Run, 'runId' | 'revision'>[], ...facts: unknown[]): string {
  return contentHash([runs.map(({ runId, revision }) => [runId, revision]), facts]).slice(0, 16);
}

/** What a page shows of it besides the times that tick: the same run may wait for something else a moment later. */
export function waitingKey(waiting: Waiting | null): object | null {
  return waiting && 'consumers' in waiting
    ? { ...waiting, consumers: waiting.consumers.map(({ group, name }) => [group, name]) }
    : waiting;
}
