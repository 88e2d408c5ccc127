import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { isTerminal, type Run } from '../../runs/run';
import { type AlikeRun, RunHistoryRepository } from '../../history/run-history.repository';
import { ALIKE_RUNS } from '../../history/usual-duration';

/** A limit above the number of active runs that readers watch at once. */
const MAX_KEPT = 200;

/**
 * Returns the completed runs of the same scope before a run, for typical durations. The list cannot change while
 * the run is active, because a project has one run at a time. It is therefore cached for all readers of the page.
 */
@Injectable()
export class AlikeRuns {
  private readonly kept = new LRUCache<string, AlikeRun[]>({ max: MAX_KEPT });

  constructor(private readonly history: RunHistoryRepository) {}

  async before(run: Run): Promise<AlikeRun[]> {
    const known = this.kept.get(run.runId);
    if (known && !isTerminal(run)) return known;
    const runs = await this.history.alike(run, ALIKE_RUNS);
    if (isTerminal(run)) this.kept.delete(run.runId);
    else this.kept.set(run.runId, runs);
    return runs;
  }
}
