import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Clock } from '../clock/clock';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { deleteFolder } from '../files/delete-folder';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { RESULT_FOLDER, RESULTS_FOLDER } from './data-folder-map';
import type { EndedRun } from './ended-run';
import { liveResultSetting } from './live-result-setting';
import { PointerFiles } from './pointer-files';
import { folderOf, ResultCopies } from './result-copies';
import type { ResultEntity } from './result.entities';
import { ResultRepository } from './result.repository';

const RETRY_EVERY_MS = 10_000;
/** A problem: the file of the live result does not exist, for example after a restore without files. */
export const MISSING_FILE = 'MISSING_FILE';

/**
 * Lets the files in DATA_DIR follow the tables: pointers lead to the live results, and only kept copies stay. Looks for
 * pointers that workers changed themselves.
 */
@Injectable()
export class ResultFiles implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ResultFiles.name);
  /** Why the files of a project do not show its live result, by project. */
  readonly problems = new Map<string, string>();
  /** The pointer in the project file when the files of a project were last changed, by project. */
  private readonly pointersSeen = new Map<string, string | null>();
  /** Files of one project are changed one after another. */
  private readonly turns = new Map<string, Promise<void>>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly results: ResultRepository,
    private readonly copies: ResultCopies,
    private readonly pointers: PointerFiles,
    private readonly projects: ProjectCatalogue,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'dataDir'>,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.writeAgain(), RETRY_EVERY_MS).unref();
  }

  async exists({ file }: Pick<ResultEntity, 'file'>): Promise<boolean> {
    try {
      await lstat(join(this.config.dataDir, file));
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== 'ENOENT';
    }
  }

  /** Follows the end of a run: looks for a pointer that its worker changed, and writes the pointers. */
  ended(run: EndedRun): Promise<void> {
    // Most projects have no result, and each of their runs ends here.
    if (run.result === null && liveResultSetting(this.projects, run.projectId).pointer === null)
      return Promise.resolve();
    return this.inTurn(run.projectId, () => this.showLive(run.projectId, () => this.watchPointer(run)));
  }

  /** Writes the pointers of a project, and deletes files that are no longer kept. */
  refresh(projectId: string): Promise<void> {
    return this.inTurn(projectId, () => this.showLive(projectId, () => this.mayWritePointer(projectId)));
  }

  /** Does the same for all projects. Call it at each start, before copies are made. */
  async refreshAll(): Promise<void> {
    const folders = await readdir(join(this.config.dataDir, RESULTS_FOLDER)).catch(() => []);
    for (const projectId of new Set([...(await this.results.projectIds()), ...folders]))
      await this.refresh(projectId);
  }

  /** Tries again what failed, for example while the disk was full, and writes pointers that a project file names now. */
  async writeAgain(): Promise<void> {
    const moved = [...this.pointersSeen].filter(
      ([id, seen]) => liveResultSetting(this.projects, id).pointer !== seen,
    );
    const projectIds = new Set([...this.problems.keys(), ...moved.map(([id]) => id)]);
    for (const projectId of projectIds) await this.refresh(projectId);
  }

  /** Returns whether the live result is newer than what the worker of a completed run wrote into the pointer. */
  private async mayWritePointer(projectId: string): Promise<boolean> {
    const [seen, live] = await Promise.all([
      this.results.foreignPointer(projectId),
      this.results.liveOf(projectId),
    ]);
    return !(seen?.seenStatus === 'completed' && live !== null && seen.seenAt > live.since);
  }

  /** @returns whether the pointer of the project file may be written now */
  private async watchPointer(run: EndedRun): Promise<boolean> {
    const { projectId } = run;
    const { pointer } = liveResultSetting(this.projects, projectId);
    if (pointer === null) return true;
    const target = await this.pointers.read(pointer);
    const [live, seen, kept] = await Promise.all([
      this.results.liveOf(projectId),
      this.results.foreignPointer(projectId),
      this.results.ofProject(projectId),
    ]);
    const isOurs = target === null || target === '' || kept.some(({ file }) => file === target);
    if (run.result?.state === 'accepted' || isOurs) {
      if (seen !== null) await this.results.forgetForeignPointer(projectId);
      return true;
    }
    if (seen?.target !== target) {
      await this.results.storeForeignPointer({
        projectId,
        target,
        seenRunId: run.runId,
        seenNumber: run.number,
        seenStatus: run.status,
        seenAt: this.clock.now(),
      });
      this.logger.warn({
        runId: run.runId,
        projectId,
        msg: `The worker changed the pointer ${pointer} itself. The run ended ${run.status}`,
      });
    }
    return live === null;
  }

  private async showLive(projectId: string, mayWritePointer: () => Promise<boolean>): Promise<void> {
    const live = await this.results.liveOf(projectId);
    const { pointer } = liveResultSetting(this.projects, projectId);
    if (live !== null) this.pointersSeen.set(projectId, pointer);
    try {
      // Readers of a pointer must find the file.
      if (live !== null && !(await this.exists(live)))
        throw Object.assign(new Error(`${live.file} does not exist`), { code: MISSING_FILE });
      if (live !== null) await this.pointers.write(PointerFiles.ofProject(projectId), live.file);
      if (pointer !== null && (await mayWritePointer()) && live !== null)
        await this.pointers.write(pointer, live.file);
    } finally {
      // A pointer that cannot be written must not fill the disk.
      await this.deleteUnkept(projectId);
    }
  }

  /** Deletes copies that are not kept, and those that a crash left. */
  private async deleteUnkept(projectId: string): Promise<void> {
    const folder = `${RESULTS_FOLDER}/${projectId}`;
    // First the folders, then the rows: a copy that is committed in between is in both.
    const names = await readdir(join(this.config.dataDir, folder)).catch(() => []);
    const found = names.filter((name) => RESULT_FOLDER.test(name)).map((name) => `${folder}/${name}`);
    const undecided = found.filter((path) => this.copies.isUndecided(path));
    const kept = new Set((await this.results.ofProject(projectId)).map(({ file }) => folderOf(file)));
    for (const path of found) {
      if (!kept.has(path) && !undecided.includes(path)) await deleteFolder(join(this.config.dataDir, path));
    }
  }

  /** Writes the pointers of runs that ended just before. The next start would do it too. */
  async beforeApplicationShutdown(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.idle();
  }

  /** Resolves when the files of all projects show what is live. */
  async idle(): Promise<void> {
    while (this.turns.size > 0) await Promise.all(this.turns.values());
  }

  private inTurn(projectId: string, work: () => Promise<void>): Promise<void> {
    const turn = (this.turns.get(projectId) ?? Promise.resolve()).then(async () => {
      try {
        await work();
        this.problems.delete(projectId);
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? 'UNKNOWN';
        if (this.problems.get(projectId) !== code)
          this.logger.error({ projectId, msg: `Showing the live result failed: ${String(error)}` });
        this.problems.set(projectId, code);
      } finally {
        if (this.turns.get(projectId) === turn) this.turns.delete(projectId);
      }
    });
    this.turns.set(projectId, turn);
    return turn;
  }
}
