import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import { AttemptFolders } from '../artifacts/attempt-folders';
import { deleteFolder } from '../files/delete-folder';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { HTML_FOLDER } from '../lifecycle/private-files';
import type { Part } from './retention-rule';

const PROJECT_ID = /^[a-z0-9-]+$/;

/** The files that go with a run, or with a part of it. */
@Injectable()
export class RunFiles {
  constructor(
    private readonly folders: AttemptFolders,
    @Inject(CONFIG) private readonly config: Pick<Config, 'dataDir'>,
  ) {}

  /** Deletes the files; does nothing if there are none. @throws the error of the file system */
  async delete({ runId, projectId, part }: { runId: string; projectId: string; part: Part }): Promise<void> {
    if (part === 'logs' || !isUuid(runId)) return;
    await this.folders.delete(runId);
    if (part === 'run' && PROJECT_ID.test(projectId))
      await deleteFolder(join(this.config.dataDir, HTML_FOLDER, projectId, runId));
  }
}
