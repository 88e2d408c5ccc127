import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock } from '../clock/clock';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import type { Transaction } from '../database/writer';
import { openBelow } from '../files/open-below';
import { JobatoError } from '../http/problem-catalogue';
import type { LiveResultSetting } from '../projects/project';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { placeInData } from './data-folder-map';
import type { EndedRun } from './ended-run';
import { liveResultSetting } from './live-result-setting';
import { MISSING_FILE, ResultFiles } from './result-files';
import type { ForeignPointerEntity, ResultEntity } from './result.entities';
import { type LiveResult, ResultRepository } from './result.repository';

export interface OpenResult {
  file: FileHandle;
  size: number;
  modifiedAt: Date;
}

/** The live result of each project: which it is, its file, and the earlier ones. */
@Injectable()
export class LiveResults {
  private readonly logger = new Logger(LiveResults.name);

  constructor(
    private readonly results: ResultRepository,
    private readonly files: ResultFiles,
    private readonly projects: ProjectCatalogue,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'dataDir'>,
  ) {}

  current(projectId: string): Promise<LiveResult | null> {
    return this.results.liveOf(projectId);
  }

  /** Returns the live results of all projects, in the order of their ids. */
  all(): Promise<LiveResult[]> {
    return this.results.allLive();
  }

  /** Returns the path of the live result, relative to DATA_DIR; null without any, and if its file does not exist. */
  async currentFile(projectId: string): Promise<string | null> {
    const live = await this.current(projectId);
    return live !== null && (await this.files.exists(live)) ? live.file : null;
  }

  /** Whether the file of the live result was missing when it was last looked for. */
  isFileMissing(projectId: string): boolean {
    return this.files.problems.get(projectId) === MISSING_FILE;
  }

  /** @throws JobatoError RESULT_NOT_FOUND */
  async get(projectId: string): Promise<LiveResult> {
    const current = await this.current(projectId);
    if (current !== null) return current;
    throw new JobatoError(
      'RESULT_NOT_FOUND',
      `Project "${projectId}" has no live result. A completed run makes it, if it offers a file.`,
    );
  }

  /**
   * Does something with the live result. Another run may end meanwhile, and the file of this one be deleted: then it is
   * done with the new one.
   * @param isGone tells whether an error may come from that
   * @throws JobatoError RESULT_NOT_FOUND, and the errors of `use`
   */
  async withLive<Value>(
    projectId: string,
    use: (live: LiveResult) => Promise<Value>,
    isGone: (error: unknown) => boolean,
  ): Promise<Value> {
    for (let live = await this.get(projectId); ;) {
      try {
        return await use(live);
      } catch (error) {
        const now = isGone(error) ? await this.get(projectId) : live;
        if (now.position === live.position) throw error;
        live = now;
      }
    }
  }

  /** Opens the file of the live result; the caller closes it. @throws JobatoError RESULT_NOT_FOUND */
  open(projectId: string): Promise<OpenResult & { live: LiveResult }> {
    const use = async (live: LiveResult) => {
      try {
        return { live, ...(await this.openPath(live.file)) };
      } catch (error) {
        this.logger.warn({ projectId, msg: `Opening ${live.file} failed: ${String(error)}` });
        throw new JobatoError(
          'RESULT_NOT_FOUND',
          `The file of the live result, run #${live.number}, is missing from the server or cannot be read. ` +
            'Go back to an earlier result, or start a run.',
        );
      }
    };
    return this.withLive(projectId, use, () => true);
  }

  /**
   * Opens a file that was live when a run started; the caller closes it.
   * @param file relative to DATA_DIR; null if there was none
   * @throws JobatoError RESULT_NOT_FOUND
   */
  async openFile(file: string | null): Promise<OpenResult> {
    try {
      if (file !== null) return await this.openPath(file);
    } catch (error) {
      this.logger.warn(`Opening ${file} failed: ${String(error)}`);
    }
    throw new JobatoError(
      'RESULT_NOT_FOUND',
      'The run started without a live result, or it is no longer kept.',
    );
  }

  private async openPath(path: string): Promise<OpenResult> {
    const file = await openBelow(...placeInData(this.config.dataDir, path));
    const { size, mtime } = await file.stat();
    return { file, size, modifiedAt: mtime };
  }

  /** Returns the kept results of a project, newest first. */
  history(projectId: string): Promise<ResultEntity[]> {
    return this.results.ofProject(projectId);
  }

  /** Returns a pointer of the project that leads to data of a run which did not complete; null without any. */
  async foreignPointer(projectId: string): Promise<ForeignPointerEntity | null> {
    const seen = await this.results.foreignPointer(projectId);
    return seen === null || seen.seenStatus === 'completed' ? null : seen;
  }

  /** Returns the path of a result's file. */
  pathOf({ file }: Pick<ResultEntity, 'file'>): string {
    return join(this.config.dataDir, file);
  }

  settingOf(projectId: string): LiveResultSetting {
    return liveResultSetting(this.projects, projectId);
  }

  /** Makes the results of these runs live. Part of the transaction that ends them. */
  async goLive(tx: Transaction, ended: EndedRun[]): Promise<void> {
    await this.results.goLive(
      tx,
      ended.flatMap(({ runId, projectId, number, endedAt, result }) =>
        result?.state === 'accepted'
          ? [
              {
                result: { runId, projectId, number, file: result.file, size: result.size, madeAt: endedAt! },
                keep: this.settingOf(projectId).keep,
              },
            ]
          : [],
      ),
    );
  }

  /** Makes an earlier result live, until the next run that completes. @throws JobatoError RESULT_NOT_FOUND */
  async goBack(projectId: string, runId: string, chosenBy: string): Promise<LiveResult> {
    const since = this.clock.now();
    if (!(await this.results.goBack({ projectId, runId: runId.toLowerCase(), since, chosenBy }))) {
      throw new JobatoError(
        'RESULT_NOT_FOUND',
        `Project "${projectId}" keeps no result of that run. GET /api/projects/${projectId}/results lists those it keeps.`,
      );
    }
    await this.results.forgetForeignPointer(projectId);
    await this.files.refresh(projectId);
    return this.get(projectId);
  }
}
