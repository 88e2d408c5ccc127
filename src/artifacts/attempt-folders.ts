import { rm } from 'node:fs/promises';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { ArtifactFiles } from './artifact-files';
import { deleteFolder } from '../files/delete-folder';
import type { Run } from '../runs/run';
import { RunChanges } from '../runs/run-changes';
import { RunRepository } from '../runs/run.repository';
import { phaseOf } from '../runs/run-state';
import { SerialByKey } from '../workers/serial-by-key';

/**
 * Gives each attempt of an external worker an empty folder on this server. Files that a lost attempt uploaded are not
 * listed or served as files of its successor. The embedded worker empties the folders of its own attempts.
 */
@Injectable()
export class AttemptFolders implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(AttemptFolders.name);
  /** Serializes writes to a run's folder with its deletion. */
  private readonly byRun = new SerialByKey();
  private stopListening: () => void = () => undefined;

  constructor(
    private readonly files: ArtifactFiles,
    private readonly changes: RunChanges,
    private readonly runs: RunRepository,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.stopListening = this.changes.onAnyChange((run) => this.emptyBetweenAttempts(run));
    // The server may have crashed between the commit and the deletion.
    for (const run of await this.runs.allActive()) this.emptyBetweenAttempts(run);
  }

  onModuleDestroy(): void {
    this.stopListening();
  }

  folderOf(runId: string): string {
    return this.files.folderOf(runId);
  }

  /** Runs work that writes to a run's folder, after all earlier work on that folder. */
  inTurn<Result>(runId: string, work: () => Promise<Result>): Promise<Result> {
    return this.byRun.take(runId, work);
  }

  /** Deletes the folder of an ended run, after all earlier work on it. */
  delete(runId: string): Promise<void> {
    return this.inTurn(runId, () => deleteFolder(this.folderOf(runId)));
  }

  private emptyBetweenAttempts(run: Run): void {
    const isEmbedded = run.executor === 'steps' && this.config.worker === 'embedded';
    if (isEmbedded || run.attempt === 1 || phaseOf(run) !== 'waiting') return;
    const { runId } = run;
    this.inTurn(runId, () => rm(this.folderOf(runId), { recursive: true, force: true })).catch(
      (error: unknown) =>
        this.logger.error({ runId, msg: `Deleting the files of a lost attempt failed: ${String(error)}` }),
    );
  }
}
