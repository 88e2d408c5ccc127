import { Injectable, Logger } from '@nestjs/common';
import { JobatoError } from '../http/problem-catalogue';
import type { Run } from '../runs/run';
import { RunChanges } from '../runs/run-changes';
import { RunRepository } from '../runs/run.repository';
import { PinRepository } from './pin.repository';
import { PurgeRepository } from './purge.repository';
import { Purger } from './purger';

/** What people decide about a single run: that it stays, or that it goes. */
@Injectable()
export class KeptRuns {
  private readonly logger = new Logger('Retention');

  constructor(
    private readonly runs: RunRepository,
    private readonly pins: PinRepository,
    private readonly changes: RunChanges,
    private readonly purges: PurgeRepository,
    private readonly purger: Purger,
  ) {}

  /** Pins a run, or removes the pin. Idempotent. @throws JobatoError RUN_NOT_FOUND */
  async pin(runId: string, isPinned: boolean): Promise<Run> {
    const { runId: id } = await this.runs.get(runId);
    const hasChanged = await this.pins.set({ runId: id, pinned: isPinned ? 1 : 0 });
    const run = await this.runs.get(id);
    if (hasChanged) this.changes.wakeReaders(run);
    return run;
  }

  /**
   * Deletes an ended run with everything that belongs to it. Resolves once no reader sees the run any more; its rows
   * and files are deleted in the background.
   * @throws JobatoError RUN_NOT_FOUND, RUN_NOT_ENDED, RUN_PINNED, RUN_HAS_RESULT
   */
  async delete(runId: string): Promise<Run> {
    const run = await this.runs.get(runId);
    switch (await this.purges.markOne(run.runId)) {
      case 'unknown':
        // Another request was faster.
        throw new JobatoError('RUN_NOT_FOUND', `Run ${run.runId} does not exist.`);
      case 'active':
        throw new JobatoError(
          'RUN_NOT_ENDED',
          'The run cannot be deleted while it is active. Stop it, and delete it after it has ended.',
        );
      case 'pinned':
        throw new JobatoError('RUN_PINNED', 'The run cannot be deleted while it is pinned. Unpin it first.');
      case 'has-result':
        throw new JobatoError(
          'RUN_HAS_RESULT',
          'The run cannot be deleted while its result is live or kept. Newer results replace it; "result.keep" says how many stay.',
        );
      case 'marked':
        this.logger.log({ runId: run.runId, projectId: run.projectId, msg: 'Run deleted' });
        this.purger.kick();
        return run;
    }
  }
}
