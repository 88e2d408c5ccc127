import { Injectable } from '@nestjs/common';
import { DiskSpace } from '../database/disk-space';
import type { QuotaBudget, RunInput } from '../events/run-event';
import { JobatoError } from '../http/problem-catalogue';
import { InputFiles } from '../inputs/input-files';
import { WatchChecks } from '../inputs/watch-checks';
import { Lifecycle } from '../lifecycle/lifecycle';
import type { ProjectDefinition } from '../projects/project';
import { Quotas } from '../quota/quotas';
import { LiveResults } from '../results/live-results';

/** Decides whether the server may start a run now, and what the run receives from inputs, quota and earlier results. */
@Injectable()
export class StartConditions {
  constructor(
    private readonly lifecycle: Lifecycle,
    private readonly disk: DiskSpace,
    private readonly inputs: InputFiles,
    private readonly watches: WatchChecks,
    private readonly quotas: Quotas,
    private readonly results: LiveResults,
  ) {}

  /** @throws JobatoError SHUTTING_DOWN, STORAGE_FULL */
  assertServerIsReady(): void {
    if (this.lifecycle.isStopping) {
      throw new JobatoError(
        'SHUTTING_DOWN',
        'The server is stopping and accepts no new runs. Try again after it has restarted.',
      );
    }
    this.disk.assertRoom();
  }

  /**
   * Reads the files of inputs, quota and watch again, so that the run uses their current state.
   * @throws JobatoError NO_ENABLED_INPUTS, QUOTA_REACHED, QUOTA_UNKNOWN
   */
  async grant(definition: ProjectDefinition): Promise<{
    runInputs: RunInput[] | null;
    watchedFiles: string | null;
    quota: QuotaBudget | null;
    currentResult: string | null;
  }> {
    if (definition.inputs !== null) await this.inputs.reload();
    if (definition.quota) await this.quotas.reload();
    const runInputs = definition.inputs === null ? null : this.inputs.compute();
    const watchedFiles = await this.watches.ofNewRun(definition);
    const quota = await this.quotas.budgetOfNewRun(definition);
    const currentResult = await this.results.currentFile(definition.projectId);
    return { runInputs, watchedFiles, quota, currentResult };
  }
}
