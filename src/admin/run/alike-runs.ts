import { Injectable } from '@nestjs/common';
import { isTerminal, type Run } from '../../runs/run';
import { type AlikeRun, RunHistoryRepository } from '../../history/run-history.repository';
import { ALIKE_RUNS } from './usual-duration';

/** More runs at work than anybody looks at. */
const MAX_KEPT = 200;

/**
 * The completed runs before a run that have its scope, for what is usual. While it is at work they stay the same,
 * because its project has no other run, so those who watch it do not ask for them each time.
 */
@Injectable()
export class AlikeRuns {
  private readonly kept = new Map<string, AlikeRun[]>();

  constructor(private readonly history: RunHistoryRepository) {}

  async before(run: Run): Promise<AlikeRun[]> {
    const known = this.kept.get(run.runId);
    if (known && !isTerminal(run)) return known;
    const runs = await this.history.alike(run, ALIKE_RUNS);
    if (isTerminal(run)) this.kept.delete(run.runId);
    else this.keep(run.runId, runs);
    return runs;
  }

  private keep(runId: string, runs: AlikeRun[]): void {
    this.kept.set(runId, runs);
    if (this.kept.size > MAX_KEPT) this.kept.delete(this.kept.keys().next().value!);
  }
}
