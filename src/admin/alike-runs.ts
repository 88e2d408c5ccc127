import { Injectable } from '@nestjs/common';
import { isTerminal, type Run } from '../runs/run';
import { RunQueries } from '../runs/run-queries';
import { ALIKE_RUNS } from './usual-duration';

/** More runs at work than anybody looks at. */
const MAX_KEPT = 200;

/**
 * The completed runs before a run that have its scope, for what is usual. While it is at work they stay the same,
 * because its project has no other run, so those who watch it do not ask for them each time.
 */
@Injectable()
export class AlikeRuns {
  private readonly kept = new Map<string, Run[]>();

  constructor(private readonly queries: RunQueries) {}

  async before(run: Run): Promise<Run[]> {
    const { runId, projectId, scope } = run;
    const known = this.kept.get(runId);
    if (known && !isTerminal(run)) return known;
    const { items } = await this.queries.list({ projectId, scope, status: 'completed' }, ALIKE_RUNS, runId);
    if (isTerminal(run)) this.kept.delete(runId);
    else this.keep(runId, items);
    return items;
  }

  private keep(runId: string, runs: Run[]): void {
    this.kept.set(runId, runs);
    if (this.kept.size > MAX_KEPT) this.kept.delete(this.kept.keys().next().value!);
  }
}
